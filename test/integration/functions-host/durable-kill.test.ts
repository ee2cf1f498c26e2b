import { join } from 'node:path';
import * as df from 'durable-functions';
import { describe, expect, test } from 'vitest';
import { openDurableStore } from '../../../local/functions-host/durable/store/store.ts';
import type { HistoryEvent } from '../../../local/functions-host/durable/protocol.ts';
import { type EngineUnderTest, startEngine, type Status } from '../../support/durable-engine.ts';
import { mortalStore } from '../../support/mortal-store.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const MINUTE = 60_000;
const ID = 'everything';

type Context = df.OrchestrationContext;

/** The time of the run, for activities whose luck depends on it. */
let clock = createVirtualClock();
/** Runs of each activity, by what it was given. */
let runs = new Map<string, number>();

function ran(what: string): void {
  runs.set(what, (runs.get(what) ?? 0) + 1);
}

df.app.activity('square', {
  handler: (value: number) => {
    ran(`square ${value}`);
    return value * value;
  },
});
df.app.activity('failBefore', {
  handler: (time: number) => {
    ran(`failBefore at ${clock.now()}`);
    if (clock.now() < time) throw new Error('too early');
    return 'in time';
  },
});
df.app.entity('Sum', (context: df.EntityContext<number>) => {
  const sum = (context.df.getState(() => 0) ?? 0) + (context.df.getInput<number>() ?? 0);
  context.df.setState(sum);
  context.df.return(sum);
});
df.app.orchestration('part', function* (context: Context) {
  const value: number = yield context.df.callActivity('square', context.df.getInput());
  yield context.df.callEntity(new df.EntityId('Sum', 'parts'), 'add', value);
  return value;
});
df.app.orchestration(ID, function* (context: Context) {
  const { round, found } = context.df.getInput<{ round: number; found: unknown[] }>();
  if (round === 1) {
    const tasks = [1, 2, 3, 4].map((value) => context.df.callActivity('square', value));
    const squares: number[] = yield context.df.Task.all(tasks);
    const part: number = yield context.df.callSubOrchestrator('part', 10, 'part-1');
    const time = context.df.currentUtcDateTime.getTime() + 2 * MINUTE;
    const late: string = yield context.df.callActivityWithRetry('failBefore', new df.RetryOptions(MINUTE, 5), time);
    context.df.continueAsNew({ round: 2, found: [...squares, part, late] });
    return undefined;
  }
  const sum = new df.EntityId('Sum', 'all');
  context.df.signalEntity(sum, 'add', 1);
  context.df.setCustomStatus('waiting');
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 60 * MINUTE));
  const event = context.df.waitForExternalEvent('go');
  const winner: df.Task = yield context.df.Task.any([event, timer]);
  if (winner === event) timer.cancel();
  const lock: df.DurableLock = yield context.df.lock(sum, new df.EntityId('Sum', 'parts'));
  const total: number = yield context.df.callEntity(sum, 'add', 1);
  const parts: number = yield context.df.callEntity(new df.EntityId('Sum', 'parts'), 'add');
  lock.release();
  return { found, event: event.result, total, parts };
});

const OUTPUT = { found: [1, 4, 9, 16, 100, 'in time'], event: 'went', total: 2, parts: 100 };

/** What outlives a killed host. */
interface Story {
  readonly file: string;
  readonly clock: VirtualClock;
  raised: boolean;
}

/** Lives until the story has come to its end, or until it is killed. */
async function live(story: Story, commits: number): Promise<Status | 'killed'> {
  const under = startEngine({ file: story.file, clock: story.clock, openStore: mortalStore(commits) });
  try {
    return await goOn(under, story);
  } catch {
    return 'killed';
  } finally {
    await under.engine.stop();
  }
}

async function goOn(under: EngineUnderTest, story: Story): Promise<Status> {
  const there = await under.call('GET', `/instances/${ID}`);
  if (there.status === 404) await under.begin(ID, { round: 1, found: [] }, ID);
  for (;;) {
    await under.settled();
    const status = await under.status(ID);
    if (status.runtimeStatus === 'Completed' || status.runtimeStatus === 'Failed') return status;
    if (status.customStatus === 'waiting' && !story.raised) {
      story.raised = (await under.call('POST', `/instances/${ID}/raiseEvent/go`, 'went')).status === 202;
      continue;
    }
    await story.clock.runUntil(once(), under.settled);
  }
}

function once(): () => boolean {
  let asked = false;
  return () => asked || !(asked = true);
}

/** How many activities a killed host left behind: they may have run already, and run again. */
function leftBehind(file: string): number {
  const store = openDurableStore(file);
  const { length } = store.activities.seqs();
  store.close();
  return length;
}

function completionsOf(file: string): HistoryEvent[][] {
  const store = openDurableStore(file);
  const histories = [ID, 'part-1'].map((id) =>
    store.instances.history(id).map((text) => JSON.parse(text) as HistoryEvent),
  );
  store.close();
  return histories.map((events) => events.filter((event) => 'TaskScheduledId' in event || 'TimerId' in event));
}

function newStory(folder: string, name: string): Story {
  clock = createVirtualClock();
  runs = new Map();
  return { file: join(folder, name), clock, raised: false };
}

const PLAIN_RUNS = 4 + 1 + 3;

describe('durable engine - killed', () => {
  test('before any of its writes, it goes on where it was: nothing is lost and nothing is applied twice', async (t) => {
    const folder = await createTempDir(t, 'durable-kill');
    let killedAt = 0;
    for (; ; killedAt++) {
      const story = newStory(folder, `hub-${killedAt}.db`);
      if ((await live(story, killedAt)) !== 'killed') break;
      const again = leftBehind(story.file);
      const before = [...runs.values()].reduce((sum, count) => sum + count, 0);
      const last = await live(story, Number.POSITIVE_INFINITY);
      expect([killedAt, last]).toMatchObject([killedAt, { runtimeStatus: 'Completed', output: OUTPUT }]);
      const after = [...runs.values()].reduce((sum, count) => sum + count, 0);
      // Only what was not recorded runs again.
      expect(after - PLAIN_RUNS).toBeLessThanOrEqual(Math.min(again, before));
      for (const events of completionsOf(story.file)) {
        const answered = events.map((event) => event['TaskScheduledId'] ?? event['TimerId']);
        expect(new Set(answered).size).toBe(answered.length);
      }
    }
    expect(killedAt).toBeGreaterThan(30);
  });

  test.for([1, 2, 3, 5])('after every %d writes, it still comes to its end', async (commits, t) => {
    const story = newStory(await createTempDir(t, 'durable-kills'), 'hub.db');
    let last = await live(story, commits);
    for (let lives = 1; last === 'killed' && lives < 200; lives++) last = await live(story, commits);
    expect(last).toMatchObject({ runtimeStatus: 'Completed', output: OUTPUT });
  });
});
