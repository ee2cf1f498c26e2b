import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { statusSchema } from '../../../agent/observe/status-schema.ts';
import type { JsonObject } from '../../../functions/store/store.ts';
import { instanceMetadata } from '../../../local/identity/imds.ts';
import { createTokenIssuer } from '../../../local/identity/issuer.ts';
import { startIdentityServer } from '../../../local/identity/server.ts';
import type { RouteInput } from '../../../shared/resources/topic-map.ts';
import { type AgentProcess, startAgent } from '../../support/agent-process.ts';
import { bridgeYaml, inward, outward } from '../../support/bridge-config.ts';
import {
  type ControlPlaneServer,
  type ControlPlaneServerOptions,
  startControlPlane,
} from '../../support/control-plane-server.ts';
import { eventually } from '../../support/eventually.ts';
import { sumMetric } from '../../support/metrics-text.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { startTwoWayLoad, type TwoWayLoad } from '../../support/two-way-load.ts';

const ROUTES = [outward('up', 'up/#'), inward('down', 'down/#')];
const MORE = [...ROUTES, outward('more', 'more/#')];
/** Nothing lost, nothing twice, nothing out of order. */
const FLAWLESS = {};

interface Plant {
  readonly controlPlane: ControlPlaneServer;
  readonly dir: string;
  readonly keyFile: string;
  readonly load: () => Promise<TwoWayLoad>;
  readonly define: (routes: readonly RouteInput[]) => Promise<void>;
  readonly start: (args?: readonly string[]) => Promise<AgentProcess>;
  /** By the managed identity of a machine whose metadata service is there. */
  readonly startByIdentity: (audience: string, metadataUrl: string) => Promise<AgentProcess>;
}

/** Two brokers, a control plane that defines a bridge between them, and a way to start agents of it. */
async function startPlant(scope: Scope, options: ControlPlaneServerOptions = {}): Promise<Plant> {
  const [local, remote, controlPlane, dir] = await Promise.all([
    startMosquitto(scope),
    startMosquitto(scope),
    startControlPlane(scope, options),
    createTempDir(scope, 'plant'),
  ]);
  const keyFile = join(dir, 'key');
  await writeFile(keyFile, `${controlPlane.agentKey}\n`);
  const define = (routes: readonly RouteInput[]) =>
    controlPlane.apply(bridgeYaml({ local: local.port, remote: remote.port, routes, spec: { logLevel: 'trace' } }));
  await define(ROUTES);
  const who = ['--control-plane', controlPlane.url, '--site', 'plant', '--connector', 'bridge'];
  const start = (args: readonly string[] = []) =>
    startAgent(scope, { args: [...who, '--control-plane-key-file', keyFile, '--data', dir, ...args] });
  const startByIdentity = (audience: string, metadataUrl: string) =>
    startAgent(scope, {
      args: [...who, '--control-plane-audience', audience, '--data', dir],
      env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: metadataUrl },
    });
  const load = () => startTwoWayLoad(scope, { local: local.port, remote: remote.port, names: ['a', 'b'], rate: 100 });
  return { controlPlane, dir, keyFile, load, define, start, startByIdentity };
}

/** Waits until the last report says that the desired revision runs; answers it. */
async function untilReported({ controlPlane: { stores } }: Plant): Promise<string> {
  return eventually(async () => {
    const desired = await stores.bridges.readDesired('plant', 'bridge');
    const [last] = await stores.reports.list('plant');
    return last?.report.document.revision === desired?.revision ? desired?.revision : undefined;
  });
}

describe.concurrent('an agent of a control plane', () => {
  test('runs what is defined there, and takes a changed definition while traffic flows, without losing any', async (t) => {
    const plant = await startPlant(t);
    const agent = await plant.start();
    await agent.ready();
    const load = await plant.load();
    await load.flows();
    const first = await untilReported(plant);

    await plant.define(MORE);
    await eventually(async () => {
      const { routes } = await agent.status();
      expect(routes.map(({ route, lanes }) => [route, lanes.ready])).toEqual([
        ['up', 1],
        ['down', 1],
        ['more', 1],
      ]);
      return true;
    });
    expect(await untilReported(plant)).not.toBe(first);
    await load.flows();
    await load.end(FLAWLESS);

    const status = statusSchema.parse(JSON.parse((await agent.get('/status')).body));
    expect(status.controlPlane).toMatchObject({ up: true, site: 'plant', documentFrom: 'controlPlane' });
    expect(sumMetric(await agent.metrics(), 'mqttbridge_control_plane_up')).toBe(1);
    expect(await agent.get('/readyz?verbose')).toMatchObject({
      status: 200,
      body: expect.stringContaining('[+]control-plane ok\n') as string,
    });
    const [stored] = await plant.controlPlane.stores.reports.list('plant');
    expect(stored).toMatchObject({ connector: 'bridge', instance: 'all', report: { ready: true } });
    expect(stored?.report.routes.map(({ route }) => route)).toEqual(['up', 'down', 'more']);
  });

  test('starts from the last good definition while the control plane is away, and comes back to it', async (t) => {
    const plant = await startPlant(t);
    const before = await plant.start();
    await before.ready();
    const revision = await untilReported(plant);
    await eventually(() => access(join(plant.dir, 'last-good_plant_bridge_all.json')).then(() => true));
    await before.kill9();
    await plant.controlPlane.stop();

    const agent = await plant.start();
    await agent.ready();
    const load = await plant.load();
    await load.flows();
    expect((await agent.status()).controlPlane).toMatchObject({
      up: false,
      revision,
      documentFrom: 'disk',
      fault: { reason: 'ControlPlaneUnreachable' },
    });
    const ready = await agent.get('/readyz?verbose');
    expect(ready).toMatchObject({ status: 200, body: expect.stringContaining('[-]control-plane failed') as string });
    expect(agent.logs()).toContainEqual(expect.objectContaining({ evt: 'DocumentLoaded', revision }));

    await plant.controlPlane.start();
    await plant.define(MORE);
    await eventually(async () => (await agent.status()).routes.length === 3, { deadlineMs: 20_000 });
    await load.flows();
    await load.end(FLAWLESS);
  });

  test('bridges on as if nothing had happened when the control plane dies', async (t) => {
    const plant = await startPlant(t);
    const agent = await plant.start(['--instance', '0']);
    await agent.ready();
    const load = await plant.load();
    await untilReported(plant);
    await plant.controlPlane.stop();
    await eventually(async () => (await agent.status()).controlPlane?.fault?.reason === 'ControlPlaneUnreachable');
    await load.flows(2);
    expect((await agent.get('/readyz')).status).toBe(200);
    expect(sumMetric(await agent.metrics(), 'mqttbridge_control_plane_up')).toBe(0);
    await plant.controlPlane.start();
    await eventually(async () => (await agent.status()).controlPlane?.up);
    await load.end(FLAWLESS);
    expect(await plant.controlPlane.stores.reports.list('plant')).toMatchObject([{ instance: '0' }]);
  });

  test('stays with the last good definition over one that slipped past validation, and says why', async (t) => {
    const plant = await startPlant(t);
    const agent = await plant.start();
    await agent.ready();
    const load = await plant.load();
    const revision = await untilReported(plant);

    await slipIn(plant.controlPlane);
    const rejected = await eventually(async () => {
      const [last] = await plant.controlPlane.stores.reports.list('plant');
      return last?.report.document.rejected;
    });
    expect(rejected).toMatchObject({
      revision: 'slipped',
      problems: [
        { rule: 'TM004', file: 'MqttBridgeTopicMap/routes', path: 'spec.routes[0].target' },
        { rule: 'TM004', path: 'spec.routes[1].target' },
      ],
    });
    expect((await agent.status()).controlPlane?.revision).toBe(revision);
    await load.flows();
    await load.end(FLAWLESS);
    expect(await readFile(join(plant.dir, 'last-good_plant_bridge_all.json'), 'utf8')).toContain(revision);
    expect(agent.logs().filter(({ evt }) => evt === 'ConfigRejected')).toHaveLength(1);
  });

  test('says that its key is refused, takes the next one, and shows neither anywhere', async (t) => {
    const plant = await startPlant(t);
    await writeFile(plant.keyFile, 'canary-old-key');
    const agent = await plant.start();
    await eventually(async () => (await agent.status()).controlPlane?.fault?.reason === 'ControlPlaneUnauthorized');
    expect((await agent.get('/livez')).status).toBe(200);
    await writeFile(plant.keyFile, plant.controlPlane.agentKey);
    await agent.ready(40_000);
    const seen = [agent.output(), (await agent.get('/status')).body, (await agent.get('/metrics')).body];
    expect(seen.join()).not.toContain('canary');
    expect(seen.join()).toContain('ControlPlaneUnauthorized');
  });

  test('logs on by its managed identity, with tokens for the control plane that are renewed', async (t) => {
    const audience = 'api://bridges';
    const issuer = await createTokenIssuer({ lifetimeSeconds: 3 });
    const identity = await startIdentityServer({ issuer, endpoints: [instanceMetadata] });
    t.onTestFinished(() => identity.close());
    const keys = createLocalJWKSet(issuer.jwks);
    const tokens = new Set<string>();
    const accepts = async (token: string): Promise<boolean> => {
      const verified = await jwtVerify(token, keys, { audience, algorithms: ['RS256'] }).catch(() => undefined);
      if (verified) tokens.add(token);
      return verified !== undefined;
    };
    const plant = await startPlant(t, { accepts });
    const agent = await plant.startByIdentity(audience, identity.url);
    await agent.ready();
    await eventually(() => tokens.size >= 3);
    expect((await agent.status()).controlPlane?.reports).toEqual({ Answered: expect.any(Number) });
    for (const token of tokens) expect(agent.output()).not.toContain(token);
  });
});

/** Writes an invalid topic map into the store, around everything that would refuse it. */
async function slipIn({ stores: { bridges } }: ControlPlaneServer): Promise<void> {
  const head = await bridges.readHead('plant');
  const map = head?.entries.find(({ kind }) => kind === 'MqttBridgeTopicMap');
  if (head === undefined || map === undefined) throw new Error('nothing is defined');
  const document = (await bridges.readDocuments('plant', [map.hash])).get(map.hash) as JsonObject & {
    readonly spec: { readonly routes: readonly RouteInput[] };
  };
  const routes = document.spec.routes.map((route) => ({ ...route, target: 'wild/#' }));
  const entry = { ...map, hash: 'f'.repeat(64), version: head.generation + 1 };
  const change = {
    generation: head.generation + 1,
    entries: head.entries.map((one) => (one === map ? entry : one)),
    desired: { bridge: { revision: 'slipped', instances: 1 } },
    documents: new Map([[entry.hash, { ...document, spec: { ...document.spec, routes } }]]),
  };
  expect(await bridges.commit('plant', change, head.tag)).toMatchObject({ kind: 'committed' });
}
