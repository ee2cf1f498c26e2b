import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../../support/agent-process.ts';
import { bridgeYaml, outward } from '../../support/bridge-config.ts';
import { startControlPlane } from '../../support/control-plane-server.ts';
import { eventually } from '../../support/eventually.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { createTempDir } from '../../support/temp-dir.ts';

test('a change that one instance has fetched reaches the others at once, whatever the interval', async (t) => {
  const [local, remote, controlPlane, dir] = await Promise.all([
    startMosquitto(t),
    startMosquitto(t),
    startControlPlane(t, { interval: 3600 }),
    createTempDir(t, 'instances'),
  ]);
  const keyFile = join(dir, 'key');
  await writeFile(keyFile, `${controlPlane.agentKey}\n`);
  const define = (routes: readonly ReturnType<typeof outward>[]) =>
    controlPlane.apply(
      bridgeYaml({ local: local.port, remote: remote.port, routes, spec: { protocol: 'v5', bridgeInstances: 2 } }),
    );
  const start = (instance: number) => {
    const who = ['--control-plane', controlPlane.url, '--site', 'plant', '--connector', 'bridge'];
    const data = join(dir, `data-${instance}`);
    return startAgent(t, { instance, args: [...who, '--control-plane-key-file', keyFile, '--data', data] });
  };
  const runs = async (agent: Awaited<ReturnType<typeof startAgent>>, routes: number) => {
    const { instances, routes: all } = await agent.status();
    return instances?.slots.length === 1 && all.length === routes;
  };
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => outward(name, `${name}/#`));
  await define([a, b]);
  const first = await start(0);
  const second = await start(1);
  await Promise.all([first, second].map((agent) => eventually(() => runs(agent, 1), { deadlineMs: 20_000 })));

  await define([a, b, c, d]);
  await second.term();
  const again = await start(1);

  await Promise.all([first, again].map((agent) => eventually(() => runs(agent, 2), { deadlineMs: 20_000 })));
  expect((await first.status()).controlPlane).toMatchObject({ up: true });
});
