import { readdir } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ApiError } from '../../../../../kubernetes/client.ts';
import { createTempDir } from '../../../../support/temp-dir.ts';
import { snapshotOf } from '../../observe/snapshot-of.ts';
import { storedConnector, storedMap } from './objects.ts';
import { startSource } from './start-source.ts';

const UNREACHABLE = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
const OBJECTS = [storedConnector(), storedMap('own')];
const BROKEN = storedMap('own', 'a/#/b', { generation: 2 });

const newDir = () => createTempDir({ onTestFinished }, 'kubernetes');

/** Runs until the sample is on disk. */
async function saved(dataDir: string): Promise<void> {
  const first = startSource({ dataDir, objects: OBJECTS });
  await first.passUntil(() => first.updates.length === 1);
  first.ending.abort();
  await first.ended;
  expect(await readdir(dataDir)).toEqual(['last-good_namespace_plant_bridge_all.json']);
}

describe('a configuration from the API server', () => {
  test('is begun with at once', async () => {
    const { updates, source, passUntil, log } = startSource({ objects: OBJECTS });
    expect(await passUntil(() => updates.length === 1)).toBe(0);
    expect(updates).toMatchObject([{ kind: 'document', document: { topicMaps: [{ metadata: { name: 'own' } }] } }]);
    expect(source.snapshot().apiServer).toMatchObject({ up: true, generation: 1, documentFrom: 'apiServer' });
    expect(log).toContainEqual(expect.objectContaining({ evt: 'ApiServerUp' }));
  });

  test('is taken whole when its parts come one after the other', async () => {
    const { updates, server, pass, passUntil } = startSource({ objects: OBJECTS });
    await passUntil(() => updates.length === 1);
    for (const name of ['a', 'b', 'c']) {
      server.put(storedMap(name));
      await pass(0.05);
    }
    expect(updates).toHaveLength(1);
    expect(await passUntil(() => updates.length === 2)).toBeLessThan(0.2);
    expect(updates[1]).toMatchObject({ document: { topicMaps: { length: 4 } } });
  });

  test('is taken in the middle of changes that do not end', async () => {
    const { updates, server, pass, passUntil } = startSource({ objects: OBJECTS });
    await passUntil(() => updates.length === 1);
    for (let generation = 2; generation < 22; generation++) {
      server.put(storedMap('own', `a${generation}/#`, { generation }));
      await pass(0.05);
    }
    expect(updates.length).toBeGreaterThan(2);
  });

  test('is the same when only a status, a label or what is not ours changes', async () => {
    const { updates, server, pass, passUntil } = startSource({ objects: OBJECTS });
    await passUntil(() => updates.length === 1);
    server.put(storedConnector({ status: { backlog: 7 } }));
    server.put(storedMap('other', 'x/#', {}, 'elsewhere'));
    server.put(storedMap('own', undefined, { uid: 'made-anew', generation: 5 }));
    await pass(2);
    expect(updates).toHaveLength(1);
  });

  test('that is invalid changes nothing, and is told with generation, rule and path', async () => {
    const { updates, server, passUntil } = startSource({ objects: OBJECTS });
    await passUntil(() => server.applied.length === 1);
    server.put(BROKEN);
    server.put(storedConnector({ generation: 2 }, { clientIdPrefix: 'other' }));
    await passUntil(() => server.applied.length === 2);
    expect(updates.map(({ kind }) => kind)).toEqual(['document', 'rejected']);
    const { entry } = server.applied[1];
    expect(entry.observedGeneration).toBe(1);
    expect(entry.conditions?.[0]).toMatchObject({
      status: 'False',
      observedGeneration: 2,
      message: expect.stringContaining('MqttBridgeTopicMap/plant/own spec.routes[0].source'),
    });
    server.put(storedMap('own', 'fine/#', { generation: 3 }));
    await passUntil(() => server.applied.length === 3);
    expect(server.applied[2]?.entry).toMatchObject({
      observedGeneration: 2,
      conditions: [{ status: 'True' }, {}, {}, {}, {}],
    });
  });

  test('goes on without its connector, and does not end routes meanwhile', async () => {
    const { updates, server, source, passUntil, pass, log } = startSource({ objects: OBJECTS });
    await passUntil(() => server.applied.length === 1);
    server.drop(OBJECTS[0]);
    server.drop(OBJECTS[1]);
    await passUntil(() => source.snapshot().apiServer.fault);
    expect(source.snapshot().apiServer).toMatchObject({ up: true, fault: { reason: 'ConnectorNotFound' } });
    await pass(60);
    expect([updates.length, server.applied.length]).toEqual([1, 1]);
    server.put(storedMap('own', 'other/#', { uid: 'm2' }));
    server.put(storedConnector({ uid: 'c2' }));
    await passUntil(() => updates.length === 2 && server.applied.length === 2);
    expect(source.snapshot().apiServer.fault).toBeUndefined();
    expect(log.filter(({ evt }) => evt === 'ApiServerFault')).toHaveLength(1);
  });

  test('is waited for where there is none', async () => {
    const { updates, server, source, pass, passUntil } = startSource({ objects: [storedMap('own')] });
    await pass(10);
    expect(updates).toEqual([]);
    expect(source.snapshot().apiServer.fault?.reason).toBe('ConnectorNotFound');
    server.put(storedConnector());
    await passUntil(() => updates.length === 1);
  });
});

describe('the last good definition on disk', () => {
  test('is begun with when the API server is away, and what is there when it comes back is taken', async () => {
    const dataDir = await newDir();
    await saved(dataDir);
    const { updates, server, source, passUntil } = startSource({ dataDir, objects: OBJECTS, broken: UNREACHABLE });
    expect(await passUntil(() => updates.length === 1)).toBeGreaterThanOrEqual(2);
    expect(source.snapshot().apiServer).toMatchObject({
      up: false,
      documentFrom: 'disk',
      fault: { reason: 'ApiServerUnreachable' },
    });
    server.broken = undefined;
    await passUntil(() => source.snapshot().apiServer.up);
    expect(source.snapshot().apiServer).toMatchObject({ documentFrom: 'apiServer', generation: 1 });
    server.put(storedMap('more'));
    await passUntil(() => updates.length === 2);
  });

  test.each([
    ['is begun with when there is no connector', [storedMap('own')], ['document']],
    ['runs when what is there is invalid', [storedConnector({ generation: 2 }), BROKEN], ['document', 'rejected']],
    ['is of no use when there is something better', [storedConnector(), storedMap('own', 'b/#')], ['document']],
  ])('%s', async (_, objects, expected) => {
    const dataDir = await newDir();
    await saved(dataDir);
    const { updates, passUntil, pass, log } = startSource({ dataDir, objects });
    await passUntil(() => updates.length === expected.length);
    await pass(5);
    expect(updates.map(({ kind }) => kind)).toEqual(expected);
    expect(log.some(({ evt }) => evt === 'DocumentLoaded')).toBe(
      objects.at(-1)?.metadata.generation !== 1 || objects.length === 1,
    );
  });

  test('of another object does not pass for a generation of this one', async () => {
    const dataDir = await newDir();
    await saved(dataDir);
    const objects = [storedConnector({ uid: 'made-anew', generation: 9 }), BROKEN];
    const { server, passUntil } = startSource({ dataDir, objects });
    const accepted = () => server.applied.at(-1)?.entry.conditions?.[0];
    await passUntil(() => accepted()?.status === 'False');
    expect(server.applied.at(-1)?.entry).not.toHaveProperty('observedGeneration');
    expect(accepted()?.observedGeneration).toBe(9);
  });
});

describe('trouble at the API server', () => {
  test.each([
    ['ApiServerUnreachable', UNREACHABLE],
    ['ApiServerTlsFailed', Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })],
    ['ApiServerUnauthorized', new ApiError(401, 'Unauthorized', 'no')],
    ['ApiServerForbidden', new ApiError(403, 'Forbidden', 'no password=canary')],
    ['CustomResourcesMissing', new ApiError(404, 'NotFound', 'no such resource')],
    ['ApiServerUnavailable', new ApiError(503, 'ServiceUnavailable', 'no', 1)],
    ['ApiServerRefused', new ApiError(400, 'BadRequest', 'no')],
  ])('is told as %s, and what runs goes on', async (reason, error) => {
    const { source, server, updates, passUntil, log } = startSource({ objects: OBJECTS, broken: error });
    await passUntil(() => source.snapshot().apiServer.fault);
    expect(source.snapshot().apiServer).toMatchObject({ up: false, fault: { reason } });
    server.broken = undefined;
    await passUntil(() => updates.length === 1);
    await passUntil(() => source.snapshot().apiServer.up && !source.snapshot().apiServer.fault);
    expect(log.filter(({ evt }) => evt === 'ApiServerFault')).toHaveLength(1);
    expect(JSON.stringify(log)).not.toContain('canary');
  });
});

test('a state that cannot be told does not end what is told of', async () => {
  const { source, server, state, updates, passUntil, log } = startSource({ objects: OBJECTS });
  await passUntil(() => server.applied.length === 1);
  Object.defineProperty(state, 'snapshot', {
    configurable: true,
    get() {
      throw new RangeError('defect');
    },
    set(_snapshot) {},
  });
  await passUntil(() => log.some(({ evt }) => evt === 'StatusFailed'));
  expect(source.snapshot().apiServer.fault).toMatchObject({ reason: 'StatusFailed' });
  Object.defineProperty(state, 'snapshot', { value: snapshotOf({ version: 'healed' }), writable: true });
  server.put(storedMap('more'));
  await passUntil(() => updates.length === 2 && server.applied.at(-1)?.entry.version === 'healed');
  expect(source.snapshot().apiServer.fault).toBeUndefined();
});
