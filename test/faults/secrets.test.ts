import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { runCli } from '../../cli/program.ts';
import { type BridgeConfig, bridgeYaml, inward, outward } from '../support/bridge-config.ts';
import { prepareBridge } from '../support/bridge-harness.ts';
import type { AgentProcess } from '../support/agent-process.ts';
import { createAuthority } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { mount } from '../support/mounted.ts';
import { PROPERTY } from '../support/properties.ts';
import { connectionOf, type RawBrokerOptions, startRawBroker } from '../support/raw-broker.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { keyVaultOf, startVault } from '../support/vault-server.ts';
import { fakeIo } from '../unit/cli/fake-io.ts';

const CANARY = 'kanarienvogel';
const secret = (what: string) => `${CANARY}-${what}`;

/** Everything an agent shows to anybody. */
async function shownBy(agent: AgentProcess): Promise<string> {
  const paths = ['/metrics', '/status', '/readyz?verbose', '/livez', '/nothing'];
  const answers = await Promise.all(paths.map((path) => agent.get(path)));
  return [agent.output(), ...answers.map(({ body }) => body)].join('\n');
}

/** Everything in a support bundle of an agent, its log and its configuration. */
async function bundledBy(scope: TestContext, agent: AgentProcess, config: string): Promise<string> {
  const dir = await createTempDir(scope, 'bundle');
  const [out, log, file] = ['b.tar.gz', 'agent.log', 'bridge.yaml'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([writeFile(log, agent.output()), writeFile(file, config)]);
  const sources = ['-f', file, '--http', new URL(agent.url).host, '--log-file', log];
  const none = () => Promise.reject(new Error('no agent is wanted here'));
  expect(await runCli(['support-bundle', '--out', out, ...sources], fakeIo(), none)).toBe(0);
  const text = execFileSync('tar', ['-xOzf', out], { encoding: 'utf8' });
  expect(text).toContain('mqttbridge_messages_received_total');
  expect(text).toContain('"evt":"');
  return text;
}

async function mounts(scope: TestContext) {
  const dir = await createTempDir(scope, 'mounts');
  const [configMapsDir, secretsDir] = [join(dir, 'configmaps'), join(dir, 'secrets')];
  await Promise.all([mkdir(configMapsDir), mkdir(secretsDir)]);
  return { dir, configMapsDir, secretsDir };
}

/** A target that refuses in every way, once, and tells the canary each time. */
const RELUCTANT: RawBrokerOptions = {
  answer(packet, nth) {
    const properties = { reasonString: secret('reason') };
    if (packet.cmd === 'publish' && packet.qos === 1) {
      const reasonCode = [0x87, 0x90, 0x97, 0x99][nth - 1] ?? 0;
      return { cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode, properties };
    }
    if (packet.cmd === 'subscribe') {
      return { cmd: 'suback', messageId: packet.messageId ?? 0, granted: [0x87], properties } as never;
    }
    return undefined;
  },
};

test('F31 - credentials, payloads, topics and words of a broker never show, whatever goes wrong', async (scope) => {
  const { dir, ...folders } = await mounts(scope);
  await mount(folders.secretsDir, 'log-on', { username: secret('user'), password: secret('password') });
  await writeFile(join(dir, 'sat'), secret('token'));
  const local = await startRawBroker(scope);
  const remote = await startRawBroker(scope, RELUCTANT);
  const routes = [
    outward('up', '#', { onReject: 'deadLetter', excludes: ['no/#', 'mqttbridge/#'] }),
    outward('gone', `$SYS/#`),
    inward('down', 'down/#'),
  ];
  const config: BridgeConfig = {
    local: { port: local.port, authentication: { kubernetes: { secretPath: dir } } as never },
    remote: { port: remote.port, authentication: { usernamePassword: { secretName: 'log-on' } } },
    routes,
    spec: { logLevel: 'trace' },
  };
  const { start, write } = await prepareBridge(scope, config, folders);
  const agent = await start();
  const source = await connectionOf(local, 'agent-up');
  await source.packet(({ cmd }) => cmd === 'subscribe');
  expect(source.connect.properties?.authenticationData?.toString()).toBe(secret('token'));
  expect((await connectionOf(remote, 'agent-up')).connect.password?.toString()).toBe(secret('password'));

  for (let way = 0; way < 5; way++) {
    const properties = [[PROPERTY.userProperty, 'k', secret('property')]] as const;
    source.publish({ topic: secret('topic'), payload: secret('payload'), qos: 1, properties });
  }
  source.publish({ topic: 'no/x', payload: secret('payload'), qos: 0 });
  await eventually(
    async () => {
      const { counters } = (await agent.status()).routes[0];
      return counters.received === 6 && counters.forwarded === 2 && counters.inflight === 0;
    },
    { describe: () => agent.output() },
  );
  // Words of a broker, and bytes that break the rules.
  source.send({ cmd: 'disconnect', reasonCode: 0x82, properties: { reasonString: secret('reason') } } as never);
  const second = await connectionOf(local, 'agent-up', 1);
  await second.packet(({ cmd }) => cmd === 'subscribe');
  second.publish({ topic: `${secret('topic')}/#`, payload: secret('payload'), qos: 1 });
  const third = await connectionOf(local, 'agent-up', 2);
  third.send(Buffer.concat([Buffer.from([0xf0, 20]), Buffer.from(secret('bytes').padEnd(20).slice(0, 20))]));
  await connectionOf(local, 'agent-up', 3);
  // A password in the wrong place, and credentials that are of no use.
  const usernamePassword = { secretName: 'log-on', password: secret('inline') };
  const remoteSide = { port: remote.port, authentication: { usernamePassword } };
  const inline = bridgeYaml({ ...config, remote: remoteSide });
  await write(inline);
  await eventually(async () => (await agent.status()).config.rejected);

  expect(await shownBy(agent)).not.toContain(CANARY);
  expect(await bundledBy(scope, agent, inline)).not.toContain(CANARY);
  expect(agent.logs().length).toBeGreaterThan(10);
  await agent.term();
  expect(agent.output()).not.toContain(CANARY);
});

test('F31 - a private key never shows, neither a good one nor a broken one', async (scope) => {
  const { dir: _dir, ...folders } = await mounts(scope);
  const authority = await createAuthority();
  const { chain, key } = await authority.issue();
  const keys = { 'client_cert.pem': chain, 'client_key.pem': key };
  const pair = await mount(folders.secretsDir, 'pair', keys);
  await mount(folders.configMapsDir, 'trust', { 'ca.crt': authority.certificate });
  const server = await authority.issue();
  const remote = await startRawBroker(scope, { tls: { key: server.key, cert: server.chain } });
  const local = await startRawBroker(scope);
  const tls = { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' };
  const side = { port: remote.port, tls, authentication: { x509: { secretName: 'pair' } } };
  const config = {
    local: local.port,
    remote: side,
    routes: [outward('up', '#')],
    spec: { logLevel: 'trace' },
  } as const;
  const { start } = await prepareBridge(scope, config, folders);
  const agent = await start();
  await agent.ready();
  const lines = key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'));
  const broken = [key.replace(lines[0], lines[0].toLowerCase()), `${key}${lines[0]}`, lines.join('')];
  for (const [nth, text] of broken.entries()) {
    await pair.update({ ...keys, 'client_key.pem': text });
    (await connectionOf(remote, 'agent-up', nth)).drop();
    await connectionOf(remote, 'agent-up', nth + 1);
  }
  const shown = await shownBy(agent);
  for (const line of lines) expect(shown.toLowerCase()).not.toContain(line.toLowerCase());
  expect(shown).not.toContain('PRIVATE KEY');
  expect((await agent.status()).certificates[0].rejected).toContain('client_key.pem');
});

test('F31 - client secret, token and key of a key vault never show, neither good ones nor bad ones', async (scope) => {
  const { dir, ...folders } = await mounts(scope);
  const clientSecret = secret('client-secret');
  const from = await startVault(scope, { clientSecret });
  const authority = await createAuthority();
  const { chain, key } = await authority.issue();
  const lines = key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'));
  from.vault.put('edge', { value: lines.join(secret('value')) });
  await mount(folders.configMapsDir, 'trust', { 'ca.crt': authority.certificate });
  const principal = await mount(folders.secretsDir, 'principal', { ...from.principal, clientsecret: secret('wrong') });
  const ca = join(dir, 'vault-ca.pem');
  await writeFile(ca, from.ca);
  const server = await authority.issue();
  const remote = await startRawBroker(scope, { tls: { key: server.key, cert: server.chain } });
  const local = await startRawBroker(scope);
  const tls = { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' };
  const { start } = await prepareBridge(
    scope,
    {
      local: local.port,
      remote: { port: remote.port, tls, authentication: { x509: { keyVault: keyVaultOf(from) } } },
      routes: [outward('up', '#')],
      spec: { logLevel: 'trace' },
    },
    {
      ...folders,
      env: { NODE_EXTRA_CA_CERTS: ca, AZURE_AUTHORITY_HOST: from.server.url },
      args: ['--key-vault-url', from.server.url],
    },
  );
  const agent = await start();
  const reason = async () => (await agent.status()).sessions.find(({ side }) => side === 'remote')?.fault?.reason;
  // Somebody has to mend these, so the agent comes back slowly.
  const waiting = { deadlineMs: 30_000, describe: () => agent.output() };
  await eventually(async () => (await reason()) === 'VaultClientSecretRefused', waiting);
  await principal.update(from.principal);
  await eventually(async () => (await reason()) === 'VaultKeyNotExportable', waiting);
  from.vault.put('edge', { value: key + chain });
  await agent.ready(30_000);
  await connectionOf(remote, 'agent-up');

  expect(from.tokens.length).toBeGreaterThan(0);
  const shown = await shownBy(agent);
  expect(shown).not.toContain(CANARY);
  expect(shown).not.toContain('PRIVATE KEY');
  for (const text of [...lines, ...from.tokens.flatMap((token) => token.split('.'))]) expect(shown).not.toContain(text);
  expect((await agent.status()).certificates).toMatchObject([{ side: 'remote', secret: 'plant/edge' }]);
  const expiry = (await agent.metrics()).find(({ name }) => name === 'mqttbridge_certificate_expiry_timestamp_seconds');
  expect(expiry?.value).toBeGreaterThan(Date.now() / 1_000);
});
