import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { StoredObject, WrittenObject } from '../../kubernetes/object.ts';
import { secondsText } from '../../shared/resources/transition.ts';
import { EVENTS } from '../kinds.ts';
import type { OperatorClock } from '../clock.ts';
import type { OperatorLogger } from '../logger.ts';
import type { StatusEvent } from '../status/transitions.ts';
import { FIELD_MANAGER } from '../workload/identity.ts';

/** How Events get to the API server. */
export interface RecorderOptions {
  /** Refuses while another process writes. */
  readonly client: Pick<KubernetesClient, 'create'>;
  readonly clock: OperatorClock;
  readonly logger: OperatorLogger;
  /** Name of this process. */
  readonly identity: string;
}

/** Writes Events of Kubernetes beside all other work; what is too much, or cannot be written, is left out. */
export interface Recorder {
  readonly record: (about: StoredObject, events: readonly StatusEvent[]) => void;
  /** Resolves when nothing is on the way. */
  readonly idle: () => Promise<void>;
}

/** The same is not said twice within this time. */
const REPEAT_MS = 600_000;
const MOST_KNOWN = 2_000;
/** At most so many at once, and one more per second. */
const BURST = 100;
const MOST_WAITING = 200;

interface Waiting {
  readonly about: StoredObject;
  readonly event: StatusEvent;
}

/** Makes a recorder. */
export function createRecorder({ client, clock, logger, identity }: RecorderOptions): Recorder {
  const said = new Map<string, number>();
  const waiting: Waiting[] = [];
  let sending: Promise<void> = Promise.resolve();
  let busy = false;
  let count = 0;
  let budget = { left: BURST, at: clock.now() };

  function isNews({ about, event }: Waiting): boolean {
    const key = [about.metadata.uid, event.type, event.reason, event.message].join('\n');
    const before = said.get(key);
    if (before !== undefined && clock.now() - before < REPEAT_MS) return false;
    said.delete(key);
    said.set(key, clock.now());
    const [oldest] = said.keys();
    if (said.size > MOST_KNOWN && oldest !== undefined) said.delete(oldest);
    return true;
  }
  function isAffordable(): boolean {
    const now = clock.now();
    budget = { left: Math.min(BURST, budget.left + (now - budget.at) / 1000), at: now };
    if (budget.left < 1) return false;
    budget.left -= 1;
    return true;
  }
  // Events are gone after an hour; whoever reads the log later finds the same there.
  function log({ about: { kind, metadata }, event: { type, reason, message } }: Waiting): void {
    const { namespace, name } = metadata;
    logger.info({ evt: 'StatusChanged', kind, namespace, name, type, reason }, message);
  }
  async function send(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      count += 1;
      const object = eventOf(next, { wall: clock.wall(), identity, count });
      await client
        .create(EVENTS, object)
        .catch((error: unknown) => logger.debug({ evt: 'EventLost', error }, 'an Event could not be written'));
    }
    busy = false;
  }
  return {
    record(about, events) {
      for (const event of events) {
        const item = { about, event };
        if (waiting.length >= MOST_WAITING || !isNews(item) || !isAffordable()) continue;
        waiting.push(item);
        log(item);
      }
      if (busy || waiting.length === 0) return;
      busy = true;
      sending = send();
    },
    idle: () => sending,
  };
}

function eventOf(
  { about, event }: Waiting,
  { wall, identity, count }: { readonly wall: number; readonly identity: string; readonly count: number },
): WrittenObject {
  const { name, namespace, uid, resourceVersion } = about.metadata;
  const time = secondsText(wall);
  // As client-go names them, and different in two processes of one moment.
  const suffix = `${Math.round(wall).toString(16)}.${identity.slice(-5)}${count.toString(16)}`;
  return {
    apiVersion: EVENTS.apiVersion,
    kind: EVENTS.kind,
    metadata: { name: `${name.slice(0, 200)}.${suffix}`, namespace },
    involvedObject: { apiVersion: about.apiVersion, kind: about.kind, name, namespace, uid, resourceVersion },
    type: event.type,
    reason: event.reason,
    message: event.message,
    source: { component: FIELD_MANAGER },
    reportingComponent: FIELD_MANAGER,
    reportingInstance: identity,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  } as WrittenObject;
}
