import { describe, expect, test } from 'vitest';
import { ApiError } from '../../../../../kubernetes/client.ts';
import { connectorStatusSchema, type InstanceStatus } from '../../../../../shared/resources/status.ts';
import { countsOf, routeOf, sessionOf } from '../../observe/snapshot-of.ts';
import { storedConnector, storedMap } from './objects.ts';
import { entriesOf } from './hand-server.ts';
import { startSource } from './start-source.ts';

const OBJECTS = [storedConnector(), storedMap('own')];
const LOST = [sessionOf({ state: 'waiting', fault: { reason: 'ConnectionRefused', message: 'no' } })];

/** A source that has told that all is well. */
async function startTold() {
  const started = startSource({ objects: OBJECTS });
  const { server, passUntil, state } = started;
  await passUntil(() => server.applied.length === 1 && started.updates.length === 1);
  const change = (changes: Partial<typeof state.snapshot>) => (state.snapshot = { ...state.snapshot, ...changes });
  const since = () => server.applied.slice(1).map(({ at }) => at - (server.applied[0]?.at ?? 0));
  return { ...started, change, since };
}

describe('the entry in the status', () => {
  test('is written once, by a manager of its own, and never again while nothing changes', async () => {
    const { server, pass, change } = await startTold();
    expect(server.managers).toEqual(new Set(['mqttbridge-agent-0']));
    for (let inflight = 0; inflight < 600; inflight++) {
      const counters = countsOf({ inflight, received: inflight, forwarded: inflight });
      change({ routes: [routeOf({ counters })] });
      await pass(1);
    }
    expect(server.applied).toHaveLength(1);
    expect(connectorStatusSchema.parse(server.connector()?.['status']).instances).toEqual([server.applied[0]?.entry]);
  });

  test('follows a change within a second', async () => {
    const { server, pass, passUntil, change } = await startTold();
    await pass(100);
    change({ sessions: LOST });
    expect(await passUntil(() => server.applied.length === 2)).toBeLessThanOrEqual(1);
    expect(server.applied[1]?.entry.conditions).toContainEqual(
      expect.objectContaining({ type: 'LocalConnected', status: 'False', reason: 'ConnectionRefused' }),
    );
  });

  test('follows what flaps at ever longer distances', async () => {
    const { pass, change, since, state } = await startTold();
    const { sessions } = state.snapshot;
    for (let second = 0; second < 100; second++) {
      change({ sessions: second % 2 ? LOST : sessions });
      await pass(0.95);
    }
    const gaps = since().map((at, index, all) => at - (all[index - 1] ?? 0));
    expect(gaps.length).toBeLessThanOrEqual(8);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(0.99);
  });

  test('tells a backlog when it grows, and when it is gone', async () => {
    const { server, pass, passUntil, change } = await startTold();
    const backlog = (inflight: number) => change({ routes: [routeOf({ counters: countsOf({ inflight }) })] });
    backlog(5_000);
    await passUntil(() => server.applied.length === 2);
    for (const inflight of [6_000, 4_000, 12_000]) {
      backlog(inflight);
      await pass(40);
    }
    expect(server.applied).toHaveLength(2);
    backlog(0);
    await passUntil(() => server.applied.length === 3);
    expect(server.applied.map(({ entry }) => entry.backlog)).toEqual([1, 5_000, 0]);
  });

  test('comes back when somebody removes or changes it', async () => {
    const { server, pass, passUntil } = await startTold();
    await pass(40);
    server.put(storedConnector({ status: { instances: [] } }));
    await passUntil(() => server.applied.length === 2);
    await pass(40);
    const [entry] = entriesOf(server.connector());
    server.put(storedConnector({ status: { instances: [{ ...entry, revision: 'mine' }] } }));
    await passUntil(() => server.applied.length === 3);
    await pass(40);
    expect(server.applied).toHaveLength(3);
  });

  test('is not written again and again where the API server keeps only part of it, or tells nothing', async () => {
    for (const echo of [undefined, (entry: InstanceStatus) => ({ ...entry, revision: 'unknown' })]) {
      const { server, pass, passUntil } = startSource({ objects: OBJECTS });
      server.echo = echo;
      await passUntil(() => server.applied.length === 1);
      await pass(100);
      expect(server.applied).toHaveLength(1);
    }
  });

  test('is written to a connector that was made anew', async () => {
    const { server, pass, passUntil } = await startTold();
    await pass(40);
    server.drop(OBJECTS[0]);
    await pass(40);
    expect(server.applied).toHaveLength(1);
    server.put(storedConnector({ uid: 'made-anew' }));
    await passUntil(() => server.applied.length === 2);
  });

  test('keeps the time of a transition over a restart', async () => {
    const { server, ending, ended, pass } = await startTold();
    await pass(3);
    ending.abort();
    await ended;
    const next = startSource({ objects: [server.connector()!, storedMap('own')] });
    await next.pass(5);
    const [first, last] = [server.applied[0], next.server.applied.at(-1)!];
    const timeOf = ({ conditions = [] }: InstanceStatus, type: string) =>
      conditions.find((condition) => condition.type === type)?.lastTransitionTime;
    expect(timeOf(last.entry, 'RemoteConnected')).toBe(timeOf(first.entry, 'RemoteConnected'));
  });

  test.each([
    ['again and again, ever later', new ApiError(500, 'InternalError', 'no'), 8],
    ['when it is told to come back', new ApiError(429, 'TooManyRequests', 'no', 20), 5],
    ['seldom where a person has to act', new ApiError(403, 'Forbidden', 'no'), 5],
  ])('is tried %s', async (_, refusal, most) => {
    const { server, source, pass, passUntil, change, log } = await startTold();
    let tries = 0;
    Object.defineProperty(server, 'refusal', { get: () => (tries++, refusal), configurable: true });
    change({ sessions: LOST });
    await pass(100);
    // Each attempt looks twice.
    expect(tries / 2).toBeGreaterThanOrEqual(3);
    expect(tries / 2).toBeLessThanOrEqual(most);
    const { fault, up, statusWrites } = source.snapshot().apiServer;
    expect([up, statusWrites]).toEqual([true, { Written: 1, [fault?.reason ?? '']: tries / 2 }]);
    expect(log.filter(({ evt }) => evt === 'ApiServerFault')).toHaveLength(1);
    Object.defineProperty(server, 'refusal', { value: undefined });
    await passUntil(() => server.applied.length === 2);
    expect(source.snapshot().apiServer.fault).toBeUndefined();
  });

  test('says at the end that it ends, once, and keeps no process waiting where nobody listens', async () => {
    const { server, ending, ended } = await startTold();
    ending.abort();
    await ended;
    expect(server.applied).toHaveLength(2);
    expect(server.applied[1]?.entry.conditions?.at(-1)).toMatchObject({ type: 'Ready', reason: 'Stopping' });

    const alone = await startTold();
    alone.server.broken = new Error('away');
    alone.ending.abort();
    await alone.ended;
    expect(alone.server.applied).toHaveLength(1);
  });
});
