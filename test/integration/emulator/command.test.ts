import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type SecureVersion } from 'node:tls';
import mqtt from 'mqtt';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LoadAgent } from '../../../cli/agent-port.ts';
import { runCli } from '../../../cli/program.ts';
import { createAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { fakeIo, type FakeIo } from '../../unit/cli/fake-io.ts';
import { folderOf } from '../../unit/cli/sample-config.ts';
import { startWebServer } from './support/web-server.ts';

const noAgent: LoadAgent = () => Promise.reject(new Error('no agent is wanted here'));

interface RunningCommand {
  readonly io: FakeIo;
  readonly ended: Promise<number>;
  /** Where it listens. */
  readonly urls: readonly string[];
}

/** Runs the command until it says where it listens. */
async function start(...argv: string[]): Promise<RunningCommand> {
  const io = fakeIo();
  const ended = runCli(['emulator', '--port', '0', ...argv], io, noAgent);
  onTestFinished(async () => {
    io.signal('SIGTERM');
    await ended;
  });
  const lines = argv.includes('--web-socket-port') ? 2 : 1;
  await eventually(() => io.out().split('\n').length === lines + 1);
  return { io, ended, urls: [...io.out().matchAll(/listens on (\S+)/g)].map(([, url = '']) => url) };
}

describe('mqttbridge emulator', () => {
  test('says where it listens, is a broker, writes events, and ends at Ctrl-C', async () => {
    const { io, ended, urls } = await start('--web-socket-port', '0');
    expect(io.out()).toMatch(
      /^eventgrid-2026 listens on mqtt:\/\/127\.0\.0\.1:\d+\neventgrid-2026 listens on ws:\/\/127\.0\.0\.1:\d+\/mqtt\n$/,
    );
    for (const [index, url] of urls.entries()) {
      const client = await mqtt.connectAsync(url, { clientId: `c${index}`, protocolVersion: 5 });
      await client.endAsync();
    }
    io.signal('SIGINT');
    expect(await ended).toBe(130);
    const events = io
      .err()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; clientSessionName: string });
    expect(events).toContainEqual(expect.objectContaining({ kind: 'connected', clientSessionName: 'c0' }));
  });

  test('takes profile, TLS and a file', async () => {
    const authority = await createAuthority();
    const server = await authority.issue({ purpose: 'server' });
    const device = await authority.issue({ commonName: 'device-1', purpose: 'client' });
    const config = {
      settings: { topicAliasMaximum: 3 },
      authentication: {
        certificates: {
          authorities: [authority.certificate],
          alternativeNameSources: ['ClientCertificateSubject'],
          clients: [{ authenticationName: 'device-1', validation: 'SubjectMatchesAuthenticationName' }],
        },
      },
      topicSpaces: [{ name: 'own', templates: ['${client.authenticationName}/#'] }],
      permissions: [{ topicSpace: 'own', role: 'Subscriber' }],
    };
    const files = { 'cert.pem': server.chain, 'key.pem': server.key, 'c.json': JSON.stringify(config) };
    const folder = await folderOf(files);
    const tls = ['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')];
    const file = ['--config', join(folder, 'c.json')];
    const { io, ended, urls } = await start('--profile', 'eventgrid-2023', '--host', 'localhost', ...file, ...tls);
    const [url = ''] = urls;
    const client = await mqtt.connectAsync(url.replace(/\/\/[^:]*|\/\/\[.*\]/, '//localhost'), {
      protocolVersion: 5,
      clientId: 'c',
      ca: authority.certificate,
      cert: device.chain,
      key: device.key,
    });
    const granted = await client.subscribeAsync(['device-1/x']);
    expect(granted).toMatchObject([{ topic: 'device-1/x', qos: 0 }]);
    await client.endAsync();
    io.signal('SIGTERM');
    expect(await ended).toBe(0);
    expect(io.out()).toContain('eventgrid-2023 listens on mqtts://');
  });

  test('speaks TLS 1.2 and 1.3 only', async () => {
    const authority = await createAuthority();
    const { chain, key } = await authority.issue({ purpose: 'server' });
    const folder = await folderOf({ 'cert.pem': chain, 'key.pem': key });
    const { urls } = await start('--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem'));
    const port = Number(new URL(urls[0] ?? '').port);
    const versionOf = async (version: SecureVersion): Promise<string | null> => {
      const only = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: authority.certificate,
        ...only,
      });
      try {
        await once(socket, 'secureConnect');
        return socket.getProtocol();
      } finally {
        socket.destroy();
      }
    };
    expect([await versionOf('TLSv1.2'), await versionOf('TLSv1.3')]).toEqual(['TLSv1.2', 'TLSv1.3']);
    await expect(versionOf('TLSv1.1')).rejects.toThrow(/protocol version/);
  });

  test('asks the webhook of its file, and tells its subscriber of connections', async () => {
    const bodies: string[] = [];
    const web = await startWebServer(({ method, body }, response) => {
      if (method === 'POST') bodies.push(body);
      response.setHeader('webhook-allowed-origin', '*');
      response.end(JSON.stringify({ decision: 'allow', clientAuthenticationName: 'device-1' }));
    });
    const config = {
      authentication: { webhook: { url: web.url } },
      lifeCycleEvents: { webhook: { url: web.url } },
    };
    const folder = await folderOf({ 'c.json': JSON.stringify(config) });
    const { io, ended, urls } = await start('--config', join(folder, 'c.json'));
    const client = await mqtt.connectAsync(urls[0] ?? '', { clientId: 'c', protocolVersion: 5 });
    await client.endAsync();
    io.signal('SIGTERM');
    expect(await ended).toBe(0);
    const [question, ...batches] = bodies;
    expect(JSON.parse(question ?? '')).toEqual({ clientId: 'c' });
    expect(batches.flatMap((batch) => JSON.parse(batch))).toMatchObject([
      { type: 'Microsoft.EventGrid.MQTTClientSessionConnected', subject: 'clients/device-1/sessions/c' },
      { data: { namespaceName: 'emulator', disconnectionReason: 'ClientInitiatedDisconnect' } },
    ]);
  });

  test('reports life-cycle events that nobody takes', async () => {
    const web = await startWebServer((_request, response) => void response.writeHead(404).end());
    const folder = await folderOf({ 'c.yaml': `lifeCycleEvents: {webhook: {url: '${web.url}'}}` });
    const { io, urls } = await start('--config', join(folder, 'c.yaml'));
    const client = await mqtt.connectAsync(urls[0] ?? '', { clientId: 'c', protocolVersion: 5 });
    await eventually(() =>
      io.err().includes('"kind":"eventsUndelivered","count":1,"detail":"the subscriber answered 404"'),
    );
    await client.endAsync();
  });

  test('exits 1 when its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const io = fakeIo();
    const { port } = server.address() as AddressInfo;
    expect(await runCli(['emulator', '--port', String(port)], io, noAgent)).toBe(1);
    expect(io.err()).toMatch(/^error: .*EADDRINUSE/);
  });

  test.each([
    { what: 'an unknown profile', argv: ['--profile', 'generic'], says: /Allowed choices are eventgrid/ },
    { what: 'a port that is none', argv: ['--port', '70000'], says: /"70000" is not a port\n {2}try: / },
    {
      what: 'a file that is missing',
      argv: ['--config', 'missing.yaml'],
      says: /cannot read missing\.yaml.*\n {2}try: /,
    },
    { what: 'a certificate without key', argv: ['--tls-cert', 'c.pem'], says: /go together\n {2}try: / },
    {
      what: 'a file that is not valid',
      config: 'settings: {maximumQos: 3}',
      argv: [],
      says: /is not valid:\n {2}settings\.maximumQos: .*\n {2}try: /,
    },
    {
      what: 'client certificates without TLS',
      config: 'authentication: {certificates: {}}',
      argv: [],
      says: /only show certificates over TLS\n {2}try: /,
    },
  ])('exits 2 for $what', async ({ argv, config, says }) => {
    const io = fakeIo();
    const file = config === undefined ? [] : ['--config', join(await folderOf({ 'c.yaml': config }), 'c.yaml')];
    expect(await runCli(['emulator', ...argv, ...file], io, noAgent)).toBe(2);
    expect(io.err()).toMatch(says);
    expect(io.out()).toBe('');
  });
});
