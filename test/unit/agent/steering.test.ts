import { describe, expect, it } from 'vitest';
import { ALONE, type Cluster } from '../../../agent/cluster/cluster.ts';
import { createSteering } from '../../../agent/steering.ts';
import { type ConnectorDocument, connectorDocument } from '../../../shared/plan/document.ts';
import { eventually } from '../../support/eventually.ts';
import { sampleConnector, sampleMap, sampleRoute } from '../shared/sample.ts';
import { SILENT } from '../../support/silent-logger.ts';

const first = connectorDocument(sampleConnector(), []);
const second = connectorDocument(sampleConnector(), [sampleMap([sampleRoute()])]);

/** A bridge whose moves end when they are told to, and a cluster whose slots are set. */
function prepare() {
  const moves: { document: ConnectorDocument; slots: number[]; end: PromiseWithResolvers<void> }[] = [];
  const told: { slots: number[]; occupied: number[] }[] = [];
  const failures: unknown[] = [];
  const ending = new AbortController();
  let moving = 0;
  let left = 0;
  const state = { slots: [0], occupied: [0], most: 0, moved: 0 };
  const cluster: Cluster = {
    ...ALONE,
    slotsOf: () => new Set(state.slots),
    running: (slots, occupied) => void told.push({ slots: [...slots], occupied: [...occupied] }),
  };
  const bridge = {
    async apply(document: ConnectorDocument, slots: ReadonlySet<number>) {
      state.most = Math.max(state.most, ++moving);
      const end = Promise.withResolvers<void>();
      moves.push({ document, slots: [...slots], end });
      await end.promise.finally(() => moving--);
    },
    leave: () => Promise.resolve(void left++),
    tick: () => undefined,
    lanes: [],
    get occupied() {
      return new Set(state.occupied);
    },
    reading: new Set<number>(),
  };
  const steering = createSteering({
    bridge,
    cluster,
    logger: SILENT,
    signal: ending.signal,
    moved: () => state.moved++,
    failed: (error) => failures.push(error),
  });
  const begun = (count: number) => eventually(() => moves.length === count);
  return { steering, moves, told, failures, ending, state, begun, left: () => left };
}

describe('steering', () => {
  it('moves once at a time, and many wishes for other slots are one', async () => {
    const { steering, moves, state, begun } = prepare();
    const applied = steering.apply(first);
    await begun(1);
    state.slots = [0, 1];
    for (let count = 0; count < 5; count++) steering.rearrange();
    state.slots = [1];
    moves[0]?.end.resolve();
    await applied;
    await begun(2);
    expect(moves[1]?.slots).toEqual([1]);
    moves[1]?.end.resolve();
    await eventually(() => state.moved === 2);
    expect(moves).toHaveLength(2);
    expect(state.most).toBe(1);
  });

  it('heeds a wish that comes while it moves', async () => {
    const { steering, moves, state, begun } = prepare();
    const applied = steering.apply(first);
    await begun(1);
    moves[0]?.end.resolve();
    await applied;
    steering.rearrange();
    await begun(2);
    state.slots = [2];
    steering.rearrange();
    moves[1]?.end.resolve();
    await begun(3);
    expect(moves.map(({ slots }) => slots)).toEqual([[0], [0], [2]]);
    moves[2]?.end.resolve();
  });

  it('goes to the newest document', async () => {
    const { steering, moves, begun } = prepare();
    const both = [steering.apply(first), steering.apply(second)];
    steering.rearrange();
    for (let count = 1; count <= 3; count++) {
      await begun(count);
      moves[count - 1]?.end.resolve();
    }
    await Promise.all(both);
    expect(moves.map(({ document }) => document.revision)).toEqual([first.revision, second.revision, second.revision]);
    expect(steering.connector).toBe('bridge');
  });

  it('says of no slot that it has ended before it was begun', async () => {
    const { steering, moves, told, state, begun } = prepare();
    const applied = steering.apply(first);
    await begun(1);
    moves[0]?.end.resolve();
    await applied;
    state.slots = [0, 7];
    steering.tick();
    await eventually(() => told.length === 2);
    expect(told[1]).toEqual({ slots: [0], occupied: [0] });
  });

  it('tidies up between moves only', async () => {
    const { steering, moves, begun, left } = prepare();
    const applied = steering.apply(first);
    await begun(1);
    steering.tick();
    expect(left()).toBe(0);
    moves[0]?.end.resolve();
    await applied;
    expect(left()).toBe(1);
    steering.tick();
    await eventually(() => left() === 2);
  });

  it('does nothing without a document, and nothing once it ends', async () => {
    const { steering, moves, ending, left } = prepare();
    steering.rearrange();
    steering.tick();
    ending.abort();
    await steering.apply(first);
    expect(moves).toHaveLength(0);
    expect(left()).toBe(0);
    expect(steering.connector).toBe('');
  });

  it('reports a move that fails, and goes on', async () => {
    const { steering, moves, failures, begun } = prepare();
    const applied = steering.apply(first);
    await begun(1);
    moves[0]?.end.reject(new Error('no'));
    await applied;
    expect(failures).toHaveLength(1);
    steering.rearrange();
    await begun(2);
    moves[1]?.end.resolve();
  });
});
