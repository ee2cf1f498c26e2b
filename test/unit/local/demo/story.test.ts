import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createScene, runsSlots, type SceneOptions, wordsOf } from '../../../../local/demo/story.ts';
import { routeOf, snapshotOf } from '../../agent/observe/snapshot-of.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A scene of a play without stage or actors. */
function setUp() {
  const notes: string[] = [];
  const ending = new AbortController();
  const parts = { now: () => performance.now(), note: (line: string) => void notes.push(line), signal: ending.signal };
  return { scene: createScene(parts as unknown as SceneOptions), notes, ending };
}

describe('scene', () => {
  test('names what a line tells', () => {
    const { scene, notes } = setUp();
    scene.say('DONE', 'x');
    scene.say('OPERATOR', wordsOf(1, { reason: 'QuotaExceeded', message: 'Raise it.' }));
    expect(notes).toEqual(['DONE      x', 'OPERATOR  /status of instance 1: QuotaExceeded: Raise it.']);
    expect(wordsOf(0, { reason: 'A', message: 'B.', fix: 'az c' })).toBe(
      '/status of instance 0: A: B.\n          try: az c',
    );
  });

  test('looks until something is found', async () => {
    const { scene } = setUp();
    let looks = 0;
    const found = scene.until('three looks', () => (++looks === 3 ? 'it' : undefined));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await found).toBe('it');
    expect(looks).toBe(3);
  });

  test('gives up after a minute and says what it waited for', async () => {
    const { scene } = setUp();
    const waiting = expect(scene.until('rain', () => undefined)).rejects.toThrow('waited 60 s in vain: rain');
    await vi.advanceTimersByTimeAsync(61_000);
    await waiting;
  });

  test('is over when the demo is', async () => {
    const { scene, ending } = setUp();
    const waiting = expect(scene.until('rain', () => undefined)).rejects.toThrow('aborted');
    const reading = expect(scene.pause()).rejects.toThrow('aborted');
    await vi.advanceTimersByTimeAsync(50);
    ending.abort();
    await Promise.all([waiting, reading]);
    await expect(scene.pause()).rejects.toThrow('aborted');
  });
});

describe('an instance', () => {
  const instances = { instance: 0, standing: 'joined', slots: [1, 0], total: 2, peers: [], adoptions: 0 } as const;

  test('runs its slots when it has just these and all lanes pass messages', () => {
    expect(runsSlots(snapshotOf({ instances }), [0, 1])).toBe(true);
    expect(runsSlots(snapshotOf({ instances }), [0])).toBe(false);
    const halfway = snapshotOf({ instances, routes: [routeOf({ lanes: { total: 2, ready: 1 } })] });
    expect(runsSlots(halfway, [0, 1])).toBe(false);
    expect(runsSlots(snapshotOf({ instances, routes: [] }), [0, 1])).toBe(false);
    expect(runsSlots(undefined, [0])).toBe(false);
  });
});
