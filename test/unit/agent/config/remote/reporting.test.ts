import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Pace } from '../../../../../agent/config/remote/pace.ts';
import { createReporting } from '../../../../../agent/config/remote/reporting.ts';
import { createManualClock } from '../../../../integration/broker/support/manual-clock.ts';

const ANSWERED: Pace = { kind: 'answered' };

interface Script {
  readonly pace?: () => Pace;
  readonly random?: number;
  readonly take?: () => Promise<void>;
  readonly repeats?: boolean;
}

/** Reporting by a clock that stands still, every 30 s without jitter. */
function startReporting(script: Script = {}) {
  const { pace = () => ANSWERED, random = 0, take = async () => undefined, repeats = true } = script;
  const clock = createManualClock();
  const ending = new AbortController();
  const state = { now: 'a', told: '' };
  /** Seconds at which a report began. */
  const sent: number[] = [];
  const reporting = createReporting({
    clock,
    random: () => random,
    signal: ending.signal,
    repeats,
    differs: () => state.now !== state.told,
    async send() {
      sent.push(clock.now() / 1_000);
      state.told = state.now;
      await take();
      return { pace: pace(), intervalSeconds: 30 };
    },
  });
  const ended = reporting.run();
  onTestFinished(() => ending.abort());
  const pass = async (seconds: number) => {
    await turn();
    for (let left = seconds * 10; left > 0; left--) {
      clock.advance(100);
      await turn();
    }
  };
  return { sent, state, reporting, ending, ended, pass };
}

describe('reporting', () => {
  test('sends the first report at once and then one per interval', async () => {
    const { sent, pass } = startReporting();
    await turn();
    expect(sent).toEqual([0]);
    await pass(95);
    expect(sent).toEqual([0, 30, 60, 90]);
  });

  test('takes a tenth off the interval at most', async () => {
    const { sent, pass } = startReporting({ random: 0.999_99 });
    await pass(60);
    expect(sent).toHaveLength(3);
    expect(sent[1]).toBeCloseTo(27, 0);
  });

  test('comes again sooner after a failure, and ever later while it lasts', async () => {
    const { sent, pass } = startReporting({ pace: () => ({ kind: 'again' }) });
    await pass(100);
    expect(sent).toEqual([0, 1, 3, 7, 15, 31, 61, 91]);
  });

  test('begins with short pauses again after an answer', async () => {
    const paces: Pace[] = [{ kind: 'again' }, { kind: 'again' }, ANSWERED, { kind: 'again' }];
    const { sent, pass } = startReporting({ pace: () => paces.shift() ?? ANSWERED });
    await pass(40);
    expect(sent).toEqual([0, 1, 3, 33, 34]);
  });

  test('stays away for as long as it is told, whatever changes', async () => {
    const paces: Pace[] = [{ kind: 'told', afterMs: 120_000 }];
    const { sent, state, reporting, pass } = startReporting({ pace: () => paces.shift() ?? ANSWERED });
    await turn();
    state.now = 'b';
    reporting.hurry();
    await pass(119);
    expect(sent).toEqual([0]);
    await pass(2);
    expect(sent).toEqual([0, 120]);
  });

  test('tells a change within a second', async () => {
    const { sent, state, pass } = startReporting();
    await pass(10);
    state.now = 'b';
    await pass(1.1);
    expect(sent).toHaveLength(2);
    await pass(20);
    expect(sent).toHaveLength(2);
  });

  test('makes one report of many changes', async () => {
    const { sent, state, reporting, pass } = startReporting();
    await pass(0.2);
    for (const next of ['b', 'c', 'd']) {
      state.now = next;
      reporting.hurry();
      await pass(0.2);
    }
    expect(sent).toEqual([0]);
    await pass(0.3);
    expect(sent).toEqual([0, 1]);
    await pass(10);
    expect(sent).toEqual([0, 1]);
  });

  test('tells what flaps at ever longer distances', async () => {
    const { sent, state, pass } = startReporting();
    for (let flap = 0; flap < 70; flap++) {
      state.now = String(flap);
      await pass(1);
    }
    expect(sent).toEqual([0, 1, 3, 7, 15, 31, 61, 62, 64, 68]);
  });

  test('tells of a document after a second even when other things flap', async () => {
    const { sent, state, reporting, pass } = startReporting();
    for (let flap = 0; flap < 20; flap++) {
      state.now = String(flap);
      await pass(1);
    }
    expect(sent.at(-1)).toBe(15);
    reporting.hurry();
    await pass(0.1);
    expect(sent.at(-1)).toBe(20);
  });

  test('says nothing twice where nobody wants it again, and what flaps at longer distances all the same', async () => {
    const { sent, state, pass } = startReporting({ repeats: false });
    await pass(500);
    expect(sent).toEqual([0]);
    for (let flap = 0; flap < 20; flap++) {
      state.now = String(flap);
      await pass(1);
    }
    expect(sent).toEqual([0, 501, 502, 504, 508, 516]);
    await pass(500);
    state.now = 'calm';
    await pass(1.1);
    expect(sent).toHaveLength(8);
  });

  test('comes again after a failure where nobody wants it again', async () => {
    const paces: Pace[] = [{ kind: 'again' }, ANSWERED];
    const { sent, pass } = startReporting({ repeats: false, pace: () => paces.shift() ?? ANSWERED });
    await pass(200);
    expect(sent).toEqual([0, 1]);
  });

  test('never has two reports under way', async () => {
    const answer = Promise.withResolvers<void>();
    const { sent, state, reporting, pass } = startReporting({ take: () => answer.promise });
    state.now = 'b';
    reporting.hurry();
    await pass(100);
    expect(sent).toEqual([0]);
    answer.resolve();
    await pass(0.1);
    expect(sent).toEqual([0, 100]);
  });

  test('ends when it is told to, also while it waits', async () => {
    const { sent, ending, ended, pass } = startReporting();
    await pass(1);
    ending.abort();
    await ended;
    await pass(100);
    expect(sent).toEqual([0]);
  });
});
