import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AgentProcess } from '../../support/agent-process.ts';
import { bridgeYaml, outward } from '../../support/bridge-config.ts';
import { prepareBridge } from '../../support/bridge-harness.ts';
import { createAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import type { Sample } from '../../support/metrics-text.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { mount } from '../../support/mounted.ts';
import { playAlert } from '../../support/promql/play-alert.ts';
import type { Labels, Series } from '../../support/promql/series.ts';
import { keyOf } from '../../support/promql/vector.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { RULES } from '../../unit/monitoring/played-rules.ts';

const MINUTE = 60;
/** What Prometheus adds to all that it scrapes of a pod. */
const TARGET: Labels = { namespace: 'plant', instance: '10.0.0.7:9600', pod: 'aio-mq-bridge-0', job: 'mqttbridge' };

/** The samples of scrapes as series in which each scrape was answered alike for some minutes, and when the last one was. */
function seriesOfScrapes(scrapes: readonly { readonly samples: readonly Sample[]; readonly minutes: number }[]) {
  const from = Math.floor(Date.now() / 1_000);
  const series = new Map<string, { metric: string; labels: Labels; points: { at: number; value: number }[] }>();
  let at = from;
  for (const { samples, minutes } of scrapes) {
    const all = [...samples, { name: 'up', labels: {}, value: 1 }];
    for (const end = at + minutes * MINUTE; at < end; at += MINUTE) {
      for (const { name, labels, value } of all) {
        const key = keyOf({ name, ...labels });
        const one = series.get(key) ?? { metric: name, labels: { ...TARGET, ...labels }, points: [] };
        one.points.push({ at, value });
        series.set(key, one);
      }
    }
  }
  return { series: [...series.values()] satisfies Series[], from, to: at - MINUTE };
}

/** Names and sides of the alerts that fire at the end. */
function firing(scrapes: Parameters<typeof seriesOfScrapes>[0]): string[] {
  const played = RULES.flatMap((rule) => playAlert(rule, { ...seriesOfScrapes(scrapes), stepSeconds: MINUTE }));
  for (const { annotations } of played) expect(annotations['summary']).toMatch(/connector bridge\b/i);
  return played.map(({ alert, labels }) => [alert, labels['side']].join(' ').trim()).sort();
}

async function setUp(scope: Parameters<typeof startMosquitto>[0]) {
  const authority = await createAuthority();
  const server = await authority.issue();
  const local = await startMosquitto(scope);
  const remote = await startMosquitto(scope, {
    tls: { certificate: server.chain, key: server.key, clientCa: authority.certificate },
  });
  const proxy = await startFaultProxy(scope, { port: remote.tlsPort as number });
  const dir = await createTempDir(scope, 'mounts');
  const folders = { configMapsDir: join(dir, 'configmaps'), secretsDir: join(dir, 'secrets') };
  await Promise.all([mkdir(folders.configMapsDir), mkdir(folders.secretsDir)]);
  const client = await authority.issue({ commonName: 'edge', days: 2 });
  await mount(folders.configMapsDir, 'trust', { 'ca.crt': authority.certificate });
  await mount(folders.secretsDir, 'pair', { 'client_cert.pem': client.chain, 'client_key.pem': client.key });
  const config = {
    local: local.port,
    remote: {
      port: proxy.port,
      tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' },
      authentication: { x509: { secretName: 'pair' } },
    },
    routes: [outward('up', 'up/#')],
  };
  return { config, local, proxy, folders };
}

async function upOn(agent: AgentProcess, side: 'local' | 'remote'): Promise<number | undefined> {
  const samples = await agent.metrics();
  return samples.find(({ name, labels }) => name === 'mqttbridge_connection_up' && labels['side'] === side)?.value;
}

test('the metrics of an agent in trouble raise the alerts that name it, and no others', async (scope) => {
  const { config, local, proxy, folders } = await setUp(scope);
  const { start, write } = await prepareBridge(scope, config, folders);
  const agent = await start();
  await agent.ready();
  const healthy = { samples: await agent.metrics(), minutes: 30 };
  expect(firing([healthy])).toEqual(['MqttBridgeCertificateEnds remote']);

  await proxy.down();
  await write(bridgeYaml(config).replace('source: up/#', 'source: up/#/no'));
  await eventually(async () => (await agent.status()).config.rejected !== undefined);
  await eventually(async () => (await upOn(agent, 'remote')) === 0);
  const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
  await source.publish({ topic: 'up/a', payload: 'x', qos: 0 });
  await eventually(async () => (await agent.status()).routes[0]?.counters.dropped['target_unavailable'] === 1);
  const troubled = { samples: await agent.metrics(), minutes: 10 };
  expect(firing([healthy, troubled])).toEqual([
    'MqttBridgeCertificateEnds remote',
    'MqttBridgeConfigurationRejected',
    'MqttBridgeConnectionDown remote',
    'MqttBridgeMessagesDropped',
  ]);
  // A restart gives counters that begin at zero, and the same trouble for a while.
  expect(firing([troubled, { ...healthy, minutes: 4 }])).toEqual(['MqttBridgeCertificateEnds remote']);
});
