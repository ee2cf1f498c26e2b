import { createServer } from 'node:http';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { createAuthority, createSelfSigned } from '../../support/certificates.ts';
import { startChild } from '../../support/child.ts';
import { freePort } from '../../support/free-port.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { pairOf } from './pair.ts';
import { type RecordOptions, recordWire } from './recorder.ts';
import { startTcpServer, startTlsServer } from './servers.ts';

const authority = await createAuthority();
const stranger = await createAuthority('Stranger');
const server = pairOf(await authority.issue());
// Certificates of the helper begin three days before they are made.
vi.setSystemTime(Date.now() + 5 * 86_400_000);
const notYetValid = pairOf(await authority.issue());
vi.useRealTimers();
const trusting = { ca: [authority.certificate] };

interface Abuse {
  readonly what: string;
  readonly server: TlsOptions;
  readonly client?: Partial<RecordOptions>;
  readonly reason: string;
}

/** Every row is a broker that must not be believed. */
const abuses: readonly Abuse[] = [
  { what: 'an unknown authority', server, client: { tls: { ca: [stranger.certificate] } }, reason: 'TlsVerifyFailed' },
  { what: 'an authority the system does not know', server, client: { tls: {} }, reason: 'TlsVerifyFailed' },
  { what: 'its own signature', server: pairOf(await createSelfSigned()), reason: 'TlsVerifyFailed' },
  {
    what: 'another name',
    server: pairOf(await authority.issue({ commonName: 'other', names: ['other.example'] })),
    reason: 'TlsNameMismatch',
  },
  {
    what: 'a wildcard over a whole suffix',
    server: pairOf(await authority.issue({ commonName: 'wild', names: ['*', '*.com'] })),
    reason: 'TlsNameMismatch',
  },
  {
    what: 'only a common name that fits',
    server: pairOf(await authority.issue({ commonName: 'localhost', names: ['x.example'] })),
    reason: 'TlsNameMismatch',
  },
  {
    what: 'a name but not this address',
    server: pairOf(await authority.issue({ commonName: 'localhost', names: ['localhost', '127.0.0.2'] })),
    client: { host: '127.0.0.1' },
    reason: 'TlsNameMismatch',
  },
  {
    what: 'the address as a DNS name',
    server: pairOf(await authority.issue({ commonName: 'localhost', names: ['localhost'] })),
    client: { host: '127.0.0.1' },
    reason: 'TlsNameMismatch',
  },
  {
    what: 'a past date',
    server: pairOf(await authority.issue({ expired: true })),
    reason: 'TlsExpired',
  },
  {
    what: 'a date to come',
    server: notYetValid,
    reason: 'TlsExpired',
  },
  {
    what: 'TLS 1.1 at most',
    server: { ...server, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    reason: 'TlsVersionRefused',
  },
];

describe('a wire with TLS refuses a broker with', () => {
  for (const transport of ['tcp', 'ws'] as const) {
    test.for(abuses)(`$what (${transport})`, async ({ server: options, client, reason }, t) => {
      let received = 0;
      const { port } = await startTlsServer(t, options, (socket) => void socket.on('data', () => received++));
      const peer = recordWire(t, { port, transport, tls: trusting, ...client });
      peer.wire.write(Buffer.from('never to be sent'));
      expect(await peer.closed()).toMatchObject({ reason });
      expect(peer.calls).toEqual(['closed']);
      expect(received).toBe(0);
    });
  }
});

describe('a wire names the reason', () => {
  test.for(['TLSv1.2', 'TLSv1.3'] as const)('when a client certificate is missing (%s)', async (version, t) => {
    const options = { ...server, requestCert: true, rejectUnauthorized: true, ca: authority.certificate };
    const { port } = await startTlsServer(t, { ...options, minVersion: version, maxVersion: version }, () => undefined);
    const fault = await recordWire(t, { port, tls: trusting }).closed();
    // TLS 1.2 has no alert of its own for this.
    expect(fault?.reason).toBe(version === 'TLSv1.3' ? 'TlsClientCertificateRejected' : 'TlsHandshakeFailed');
    expect(fault?.message).toContain('client certificate');
  });

  test.for(['TLSv1.2', 'TLSv1.3'] as const)('when the client certificate is not trusted (%s)', async (version, t) => {
    const client = pairOf(await stranger.issue({ commonName: 'edge-1' }));
    const broker = await startMosquitto(t, {
      tls: {
        certificate: server.cert,
        key: server.key,
        clientCa: authority.certificate,
        version: version.replace('TLS', 'tls'),
      },
    });
    const fault = await recordWire(t, { port: broker.tlsPort ?? 0, tls: { ...trusting, ...client } }).closed();
    expect(fault).toMatchObject({ reason: 'TlsClientCertificateRejected' });
  });

  test('when nothing listens', async (t) => {
    const port = await freePort();
    const fault = await recordWire(t, { port, host: '127.0.0.1', side: 'local' }).closed();
    expect(fault).toMatchObject({ reason: 'ConnectionRefused' });
    expect(fault?.message).toContain(`127.0.0.1:${port}`);
    expect(fault?.message).toContain('localBrokerConnection.endpoint');
  });

  test('when nothing listens on any address of the host', async (t) => {
    const fault = await recordWire(t, { port: await freePort(), host: 'localhost' }).closed();
    expect(fault).toMatchObject({ reason: 'ConnectionRefused' });
  });

  test('when the name does not exist', async (t) => {
    // RFC 6761: never resolves.
    const fault = await recordWire(t, { port: 1883, host: 'broker.invalid' }).closed();
    expect(fault).toMatchObject({ reason: 'DnsFailed' });
  });

  test.for(['tcp', 'ws'] as const)('when the handshake never ends (%s)', async (transport, t) => {
    const { port } = await startTcpServer(t, () => undefined);
    const peer = recordWire(t, {
      port,
      transport,
      ...(transport === 'tcp' ? { tls: trusting } : {}),
      connectTimeoutMs: 50,
    });
    const fault = await peer.closed();
    expect(fault).toMatchObject({ reason: 'ConnectTimeout' });
    expect(fault?.message).toContain(transport === 'tcp' ? 'TLS handshake' : 'WebSocket handshake');
    expect(peer.calls).toEqual(['closed']);
  });

  test('when the port does not speak TLS', async (t) => {
    const broker = await startMosquitto(t);
    expect(await recordWire(t, { port: broker.port, tls: trusting }).closed()).toMatchObject({
      reason: 'TlsHandshakeFailed',
    });
  });

  test('when the broker resets the connection', async (t) => {
    const { port } = await startTcpServer(t, (socket) => void socket.once('data', () => socket.resetAndDestroy()));
    const peer = recordWire(t, { port });
    peer.wire.write(Buffer.of(1));
    expect(await peer.closed()).toMatchObject({ reason: 'ConnectionReset' });
  });

  test('when the broker closes the connection', async (t) => {
    const { port } = await startTcpServer(t, (socket) => void socket.end());
    expect(await recordWire(t, { port }).closed()).toMatchObject({ reason: 'ConnectionClosed' });
  });

  test('when the certificates are unusable', async (t) => {
    const tls = { ...trusting, cert: server.cert, key: stranger.key };
    const peer = recordWire(t, { port: 1, tls });
    expect(peer.calls).toEqual([]);
    expect(await peer.closed()).toMatchObject({ reason: 'TlsMaterialInvalid' });
  });

  test('when the port is none', async (t) => {
    expect(await recordWire(t, { port: 70_000 }).closed()).toMatchObject({ reason: 'ConnectionFailed' });
  });

  test('when a web server does not upgrade, and does not follow its redirect', async (t) => {
    const visited: (string | undefined)[] = [];
    const web = createServer((request, response) => {
      visited.push(request.url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    web.on('upgrade', (request, socket) => {
      visited.push(request.url);
      socket.end('HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n');
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    t.onTestFinished(() => void web.close());
    const fault = await recordWire(t, { port: (web.address() as AddressInfo).port, transport: 'ws' }).closed();
    expect(fault).toMatchObject({ reason: 'WebSocketRefused' });
    expect(fault?.message).toContain('HTTP status 302');
    expect(visited).toEqual(['/mqtt']);
  });
});

describe('a process', () => {
  const wire = new URL('../../../agent/session/wire/open-wire.ts', import.meta.url).href;
  const script = `
    import { openWire } from ${JSON.stringify(wire)};
    const [host, port, transport] = process.argv.slice(2);
    const target = { side: 'remote', host, port: Number(port), transport, tlsEnabled: true, maxPacketBytes: 1024 };
    const opened = () => { console.log('opened'); line.end(); };
    const closed = (fault) => console.log(fault?.reason ?? 'ended');
    const line = openWire(target, {}, { opened, received: () => true, drained() {}, closed }, { connectTimeoutMs: 10_000 });`;

  async function outcome(
    t: Parameters<typeof createTempDir>[0],
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ): Promise<string> {
    const file = join(await createTempDir(t), 'connect.ts');
    await writeFile(file, script);
    const child = await startChild(process.execPath, [file, ...args], { env: { PATH: process.env['PATH'], ...env } });
    await child.exit;
    return child.stdout().trim();
  }

  test.for(['tcp', 'ws'])(
    'cannot switch verification off by NODE_TLS_REJECT_UNAUTHORIZED=0 (%s)',
    async (transport, t) => {
      const { port } = await startTlsServer(t, server, () => undefined);
      expect(await outcome(t, ['localhost', String(port), transport], { NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toBe(
        'TlsVerifyFailed',
      );
    },
  );

  test('trusts the authorities of the operating system when no CA is configured', async (t) => {
    const { port } = await startTlsServer(t, server, () => undefined);
    const file = join(await createTempDir(t), 'system.pem');
    await writeFile(file, authority.certificate);
    expect(await outcome(t, ['localhost', String(port), 'tcp'], { SSL_CERT_FILE: file })).toBe('opened\nended');
  });

  test('trusts the authorities of NODE_EXTRA_CA_CERTS besides', async (t) => {
    const { port } = await startTlsServer(t, server, () => undefined);
    const file = join(await createTempDir(t), 'extra.pem');
    await writeFile(file, authority.certificate);
    expect(await outcome(t, ['localhost', String(port), 'tcp'], { NODE_EXTRA_CA_CERTS: file })).toBe('opened\nended');
  });
});
