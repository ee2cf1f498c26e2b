import type { AgentSnapshot } from '../../agent/observe/snapshot.ts';
import { ALL_INSTANCES, type Agents } from './agents.ts';
import type { Books } from './books.ts';
import type { ControlPlane } from './control-plane.ts';
import { booksLine, healthLine, instanceLine } from './lines.ts';
import { mergeInstances } from './merge.ts';
import type { Display, Screen } from './screen.ts';
import { fit, renderLine, renderTable } from './table.ts';

/** What the show is made of. */
export interface ShowOptions {
  readonly agents: Agents;
  readonly controlPlane: Pick<ControlPlane, 'health'>;
  readonly books: Books;
  readonly display: Display;
  readonly screen: Screen;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Shows the instances once per second until stopped: a table drawn over itself on a terminal, one line each elsewhere. */
export function startShow({ agents, controlPlane, books, display, screen, now }: ShowOptions): () => Promise<void> {
  let before: AgentSnapshot | undefined;
  let then = now();
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    const looks = await Promise.all(
      ALL_INSTANCES.map(async (instance) => ({
        instance,
        status: await agents.status(instance),
        running: agents.running(instance),
      })),
    );
    const merged = mergeInstances(looks.flatMap(({ status }) => (status === undefined ? [] : [status])));
    const time = now();
    if (merged === undefined) return;
    const interval = { now: merged, seconds: (time - then) / 1_000, ...(before === undefined ? {} : { before }) };
    const health = await controlPlane.health();
    const below = [...looks.map(instanceLine), healthLine(health), booksLine(books)];
    display.draw(
      screen.isTTY
        ? fit([...renderTable(interval), ...below], screen.columns)
        : [`${renderLine(interval)}  under way ${books.missing()}  ${health?.verdict ?? 'Unknown'}`],
    );
    before = merged;
    then = time;
  };
  let stopped = false;
  const timer = setInterval(() => {
    looking = looking.then(() => (stopped ? undefined : look()));
  }, 1_000);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await looking;
  };
}
