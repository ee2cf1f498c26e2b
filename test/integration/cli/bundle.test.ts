import { cp, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type AgentProcess, startAgent } from '../../support/agent-process.ts';
import { type Exit, startChild } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { type BridgeConfig, bridgeYaml, outward } from '../../support/bridge-config.ts';
import { createControlPlaneDouble } from '../../support/control-plane-double.ts';
import { createAuthority } from '../../support/certificates.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { mount } from '../../support/mounted.ts';
import { makePkcs12 } from '../../support/pkcs12.ts';
import { keyVaultOf, pemItem, startVault } from '../../support/vault-server.ts';
import { sumMetric } from '../../support/metrics-text.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { connectorYaml, folderOf, SAMPLE, topicMapYaml } from '../../unit/cli/sample-config.ts';
import { type Brokers, startBrokers } from './brokers.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** The built program, copied to a folder that holds it and package.json: no module can be found but Node's own. */
async function install(): Promise<string> {
  const folder = await createTempDir({ onTestFinished }, 'bundle');
  await cp(join(ROOT, 'dist/bin'), join(folder, 'dist/bin'), { recursive: true });
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  return join(folder, 'dist/bin/mqttbridge.cjs');
}

interface Outcome extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

async function execute(program: string, ...args: string[]): Promise<Outcome> {
  const child = await startChild(process.execPath, [program, ...args], { cwd: await folderOf({}) });
  return { ...(await child.exit), stdout: child.stdout(), stderr: child.stderr() };
}

interface Bridge {
  readonly agent: AgentProcess;
  readonly brokers: Brokers;
}

/** The installed program as a bridge between two embedded brokers, ready. */
async function startBridge(env: Readonly<Record<string, string>> = {}): Promise<Bridge> {
  const entry = await install();
  const brokers = await startBrokers();
  const config = await folderOf({ 'c.yaml': connectorYaml('bridge', brokers.ports), 'm.yaml': topicMapYaml() });
  const agent = await startAgent({ onTestFinished }, { config, entry, env });
  await agent.ready();
  return { agent, brokers };
}

describe('the built program alone', () => {
  test('bridges, is scraped, and exits 0 at SIGTERM', async () => {
    const { agent, brokers } = await startBridge();
    const arrived = brokers.remote.events.next('published', (event) => event.clientId !== undefined);
    brokers.local.publish({ topic: 'telemetry/a', payload: 'x', qos: 1 });
    expect((await arrived).topic).toBe('factory/telemetry/a');
    expect(sumMetric(await agent.metrics(), 'mqttbridge_messages_received_total', { route: 'up' })).toBe(1);
    expect(await agent.term()).toEqual({ code: 0, signal: null });
    expect(agent.logs().map((line) => line['evt'])).toContain('Stopped');
  });

  // Each of these costs megabytes of every agent; one import of a package's main entry brings them back.
  test('loads no HTTP client, HTTP/2, web streams or node-forge', async () => {
    const list = '[...process.moduleLoadList, ...Object.keys(require.cache)]';
    const names = `process.on('exit', () => process.stderr.write(${list}.join('\\n') + '\\n'))`;
    const folder = await folderOf({ 'names.cjs': names });
    const { agent } = await startBridge({ NODE_OPTIONS: `--require ${join(folder, 'names.cjs')}` });
    await agent.term();
    expect(agent.output()).toContain('NativeModule http\n');
    expect(agent.output()).not.toMatch(/^NativeModule (?:http2|internal\/deps\/undici\/.*|internal\/webstreams\/.*)$/m);
    expect(agent.output()).toMatch(/\/dist\/bin\/agent\.cjs$/m);
    expect(agent.output()).not.toContain('pkcs12');
  });

  test('brings the libraries of Azure and node-forge, which it loads for a connector that needs them', async () => {
    const scope = { onTestFinished };
    const [vault, authority] = await Promise.all([startVault(scope), createAuthority()]);
    const [server, client] = await Promise.all([authority.issue(), authority.issue()]);
    const value = makePkcs12(client, 'des3').toString('base64');
    vault.vault.put('edge', { ...pemItem(client), value, contentType: 'application/x-pkcs12' });
    const tls = { certificate: server.chain, key: server.key, clientCa: authority.certificate };
    const [local, remote] = [await startMosquitto(scope), await startMosquitto(scope, { tls })];
    const dir = await folderOf({ 'ca.pem': vault.ca });
    await mount(dir, 'trust', { 'ca.crt': authority.certificate });
    await mount(dir, 'principal', vault.principal);
    const config: BridgeConfig = {
      local: local.port,
      remote: {
        port: remote.tlsPort ?? 0,
        tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' },
        authentication: { x509: { keyVault: keyVaultOf(vault) } },
      },
      routes: [outward('up', 'up/#')],
    };
    const agent = await startAgent(scope, {
      config: await folderOf({ 'bridge.yaml': bridgeYaml(config) }),
      entry: await install(),
      secretsDir: dir,
      configMapsDir: dir,
      env: { NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem'), AZURE_AUTHORITY_HOST: vault.server.url },
      args: ['--key-vault-url', vault.server.url],
    });
    await agent.ready();
    expect((await agent.status()).certificates).toMatchObject([{ side: 'remote', secret: 'plant/edge' }]);
  });

  test('runs the demo, with the control plane that is beside it in the package', async () => {
    const program = join(ROOT, 'dist/bin/mqttbridge.cjs');
    const demo = await startChild(process.execPath, [program, 'demo', '--http', '127.0.0.1:0'], {
      cwd: await folderOf({}),
    });
    onTestFinished(async () => {
      await demo.end('SIGKILL');
    });
    await eventually(() => demo.stdout().match(/^first message/gm)?.length === 2, { deadlineMs: 25_000 });
    expect(await demo.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect([demo.stderr(), demo.stdout()]).toEqual(['', expect.stringMatching(/^sent [1-9]\d* messages at QoS 1/m)]);
  });

  test.each([
    ['version', /^\d+\.\d+\.\d+\n$/],
    ['schema -o yaml', /oneOf/],
    ['validate -f CONFIG -o json', /"valid": true/],
    ['explain -f CONFIG --topic telemetry/a -o yaml', /factory\/telemetry\/a/],
    ['--help', /^Usage: mqttbridge/],
  ])('%s', async (line, expected) => {
    const config = await folderOf({ 'a.yaml': SAMPLE });
    const args = line.split(' ').map((word) => word.replace('CONFIG', config));
    const { code, stdout } = await execute(await install(), ...args);
    expect([code, stdout]).toEqual([0, expect.stringMatching(expected)]);
  });

  test('asks a control plane', async () => {
    const double = createControlPlaneDouble();
    const server = await double.listen({ onTestFinished });
    const folder = await folderOf({ 'a.yaml': SAMPLE, 'admin.key': double.key });
    const flags = ['--server', server, '--site', double.site, '--key-file', join(folder, 'admin.key')];
    const { code, stdout } = await execute(await install(), 'apply', '-f', join(folder, 'a.yaml'), ...flags);
    expect([code, stdout]).toEqual([0, expect.stringContaining('mqttbridgeconnector/bridge created')]);
  });

  test('checks a bridge, with the libraries of Azure on demand', async () => {
    const { ports } = await startBrokers();
    const connector = connectorYaml('bridge', ports).replace('  remoteBrokerConnection:', '$&\n    profile: eventgrid');
    const config = await folderOf({ 'c.yaml': connector, 'm.yaml': topicMapYaml() });
    const known = ['--source-queue', '1000', '--detail-level', '1'];
    const azure = ['--subscription', 's', '--management-endpoint', 'https://127.0.0.1:1'];
    const { code, stdout } = await execute(await install(), 'check', '-f', config, ...known, ...azure);
    expect([code, stdout]).toEqual([0, expect.stringContaining('reason: NamespaceUnreadable')]);
  });

  test('says in a stack where in the sources it was', async () => {
    const map = JSON.parse(await readFile(join(ROOT, 'dist/bin/agent.cjs.map'), 'utf8')) as { sources: string[] };
    expect(map.sources).toContain('../../agent/agent.ts');
  });

  test('brings the licences of what it is made of', async () => {
    const texts = await readFile(join(ROOT, 'dist/bin/LICENSES.txt'), 'utf8');
    for (const name of ['commander', 'mqtt', 'mqtt-packet', 'pino', 'prom-client', 'ws', 'yaml', 'zod'])
      expect(texts).toMatch(new RegExp(`^${name}\\n\\n`, 'm'));
  });
});
