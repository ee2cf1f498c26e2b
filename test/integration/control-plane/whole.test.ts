import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ConnectorHealth } from '../../../shared/api/health.ts';
import { startAgent } from '../../support/agent-process.ts';
import { bridgeYaml, inward, outward } from '../../support/bridge-config.ts';
import { startControlPlane } from '../../support/control-plane-process.ts';
import { eventually } from '../../support/eventually.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { startTwoWayLoad } from '../../support/two-way-load.ts';

const ROUTES = [outward('up', 'up/#'), inward('down', 'down/#')];

test('what is defined at the control plane of this package runs at an agent of its own, and its health tells', async (t) => {
  const [local, remote, controlPlane, dir] = await Promise.all([
    startMosquitto(t),
    startMosquitto(t),
    startControlPlane(t, { args: ['--report-interval', '1'] }),
    createTempDir(t, 'whole'),
  ]);
  const ask = async (method: string, path: string, type?: string, body?: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${controlPlane.adminKey}`, ...(type && { 'content-type': type }) };
    const answer = await fetch(`${controlPlane.url}/api/sites/plant/${path}`, {
      method,
      headers,
      ...(body && { body }),
    });
    expect(answer.ok, `${path}: ${answer.status}`).toBe(true);
    return answer.json();
  };
  const define = (routes: typeof ROUTES) =>
    ask('POST', 'apply', 'application/yaml', bridgeYaml({ local: local.port, remote: remote.port, routes }));
  const health = async () => (await ask('GET', 'connectors/bridge/health')) as ConnectorHealth;
  await define(ROUTES);
  const grant = JSON.stringify({ id: 'edge-1', role: 'Bridge.Agent', connector: 'bridge' });
  const { key } = (await ask('POST', 'grants', 'application/json', grant)) as { readonly key: string };
  const keyFile = join(dir, 'key');
  await writeFile(keyFile, key);

  const who = ['--control-plane', controlPlane.url, '--site', 'plant', '--connector', 'bridge'];
  const agent = await startAgent(t, { args: [...who, '--control-plane-key-file', keyFile, '--data', dir] });
  await agent.ready();
  const load = await startTwoWayLoad(t, { local: local.port, remote: remote.port, names: ['a'], rate: 50 });
  await eventually(async () => (await health()).verdict === 'Healthy');

  await define([...ROUTES, outward('more', 'more/#')]);
  await eventually(async () => {
    const { verdict, routes, instances, desiredRevision } = await health();
    expect(routes.map((one) => `${one.route} ${one.verdict}`)).toEqual(['up Healthy', 'down Healthy', 'more Healthy']);
    expect(instances).toMatchObject([{ instance: 'all', verdict: 'Healthy', revision: desiredRevision }]);
    return verdict === 'Healthy';
  });
  await load.flows();
  await load.end({});

  await agent.kill9();
  await eventually(async () => (await health()).verdict === 'Stale');
  expect(agent.output()).not.toContain(key);
});
