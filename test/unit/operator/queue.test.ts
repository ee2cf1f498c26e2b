import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { createWorkQueue } from '../../../operator/queue.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Job {
  readonly key: string;
  readonly done: (after?: number) => void;
  readonly fail: () => void;
}

function stage({ concurrency = 2, random = (): number => 0 } = {}) {
  const virtual = createVirtualClock(0);
  const clock = {
    now: () => virtual.now(),
    after: (ms: number, action: () => void) => virtual.callAt(virtual.now() + ms, action),
  };
  const jobs: Job[] = [];
  const failures: [key: string, pauseMs: number][] = [];
  const queue = createWorkQueue({
    work: (key) =>
      new Promise((resolve, reject) => jobs.push({ key, done: resolve, fail: () => reject(new Error('no')) })),
    concurrency,
    backoff: { leastMs: 100, mostMs: 1_000 },
    clock,
    random,
    failed: (key, _error, pauseMs) => void failures.push([key, pauseMs]),
  });
  return { queue, jobs, failures, advance: (ms: number) => virtual.advance(ms, turn) };
}

test('queue - works on a key once however often it is asked for, and on no more keys at once than told', async () => {
  const { queue, jobs } = stage();
  for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
  expect(jobs).toEqual([]);
  queue.resume();
  expect(jobs.map(({ key }) => key)).toEqual(['a', 'b']);
  expect(queue.depth).toBe(1);
  jobs[0]?.done();
  await turn();
  expect(jobs.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
});

test('queue - works again on a key that changed meanwhile, never on one key twice at once', async () => {
  const { queue, jobs } = stage();
  queue.resume();
  queue.add('a');
  queue.add('a');
  expect(jobs).toHaveLength(1);
  jobs[0]?.done();
  await turn();
  expect(jobs.map(({ key }) => key)).toEqual(['a', 'a']);
});

test('queue - pauses after failures, longer each time, and begins anew after a success', async () => {
  const { queue, jobs, failures, advance } = stage({ random: () => 0.5 });
  queue.resume();
  queue.add('a');
  for (let attempt = 0; attempt < 5; attempt++) {
    jobs.at(-1)?.fail();
    await turn();
    await advance(1_000);
  }
  const pauses = failures.map(([, pauseMs]) => pauseMs);
  expect(pauses).toEqual([200, 350, 575, 912.5, 1_000]);
  jobs.at(-1)?.done();
  await turn();
  queue.add('a');
  jobs.at(-1)?.fail();
  await turn();
  expect(failures.at(-1)).toEqual(['a', 200]);
});

test('queue - lets a failed key pause over a change, unless somebody wants something else', async () => {
  const { queue, jobs } = stage();
  queue.resume();
  queue.add('a');
  jobs[0]?.fail();
  await turn();
  queue.add('a');
  expect(jobs).toHaveLength(1);
  queue.add('a', { urgent: true });
  expect(jobs).toHaveLength(2);
});

test('queue - looks again after the time that work asked for, or at a change before', async () => {
  const { queue, jobs, advance } = stage();
  queue.resume();
  queue.add('a');
  jobs[0]?.done(5_000);
  await turn();
  await advance(4_999);
  expect(jobs).toHaveLength(1);
  await advance(1);
  expect(jobs).toHaveLength(2);
  jobs[1]?.done(5_000);
  await turn();
  queue.add('a');
  expect(jobs).toHaveLength(3);
});

test('queue - begins nothing after it was halted, and waits for what is on the way', async () => {
  const { queue, jobs } = stage();
  queue.resume();
  queue.add('a');
  queue.add('b');
  queue.add('c');
  let halted = false;
  void queue.halt().then(() => (halted = true));
  jobs[0]?.done();
  await turn();
  expect([halted, jobs.length, queue.depth]).toEqual([false, 2, 0]);
  jobs[1]?.fail();
  await turn();
  expect([halted, jobs.length]).toEqual([true, 2]);
  queue.add('d');
  expect(jobs).toHaveLength(2);
  queue.resume();
  expect(jobs.map(({ key }) => key)).toEqual(['a', 'b', 'd']);
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), key: fc.integer({ min: 0, max: 4 }), urgent: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('done' as const, 'fail' as const), at: fc.nat(3) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 2_000 }) }),
);

property.prop([fc.array(step, { maxLength: 60 })])(
  'queue - loses no change, whatever happens in between',
  async (steps) => {
    const { queue, jobs, advance } = stage({ concurrency: 3, random: () => 0.3 });
    const open = new Map<string, Job>();
    const changed = new Set<string>();
    const take = () => {
      for (const job of jobs.splice(0)) {
        expect(open.has(job.key)).toBe(false);
        open.set(job.key, job);
        // What work sees is the state of when it begins.
        changed.delete(job.key);
      }
      expect(open.size).toBeLessThanOrEqual(3);
    };
    const end = async (job: Job | undefined, how: 'done' | 'fail') => {
      if (job === undefined) return;
      open.delete(job.key);
      if (how === 'fail') changed.add(job.key);
      job[how]();
      await turn();
    };
    queue.resume();
    for (const each of steps) {
      if (each.kind === 'add') {
        changed.add(String(each.key));
        queue.add(String(each.key), { urgent: each.urgent });
      } else if (each.kind === 'wait') await advance(each.ms);
      else await end([...open.values()][each.at], each.kind);
      take();
    }
    for (let round = 0; round < 20 && (open.size > 0 || changed.size > 0); round++) {
      for (const job of open.values()) await end(job, 'done');
      await advance(1_000);
      take();
    }
    expect([...changed]).toEqual([]);
  },
);
