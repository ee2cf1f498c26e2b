import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type ConnectionOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createAuthority, createSelfSigned, type Identity } from '../../support/certificates.ts';
import type { Scope } from '../../support/scope.ts';

/** Connects to a server that shows the identity; resolves with nothing, or the code of what was wrong with it. */
async function shake(t: Scope, identity: Identity, options: ConnectionOptions): Promise<string | undefined> {
  const server = createServer({ key: identity.key, cert: identity.chain }, (socket) =>
    socket.on('error', () => undefined),
  );
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...options });
  t.onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  return new Promise((resolve) => {
    socket.once('secureConnect', () => resolve(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

describe('certificates', () => {
  test('are believed by who believes their authority', async (t) => {
    const authority = await createAuthority();
    expect(await shake(t, await authority.issue(), { ca: authority.certificate })).toBeUndefined();
    expect(await shake(t, await authority.issue(), {})).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('are not believed under another name, after their end, or below another authority', async (t) => {
    const authority = await createAuthority();
    const ca = authority.certificate;
    const other = await authority.issue({ names: ['elsewhere.example'] });
    expect(await shake(t, other, { ca })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await shake(t, other, { ca, servername: 'elsewhere.example' })).toBeUndefined();
    expect(await shake(t, await authority.issue({ expired: true }), { ca })).toBe('CERT_HAS_EXPIRED');
    const stranger = await createAuthority('Stranger');
    expect(await shake(t, await stranger.issue(), { ca })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await shake(t, await createSelfSigned(), { ca })).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('prove themselves by a chain of intermediates', async (t) => {
    const root = await createAuthority();
    const below = await (await root.intermediate('One')).intermediate('Two');
    const leaf = await below.issue();
    expect(leaf.chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    expect(await shake(t, leaf, { ca: root.certificate })).toBeUndefined();
    const bare = { ...leaf, chain: leaf.certificate };
    expect(await shake(t, bare, { ca: root.certificate })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('carry the name and purpose asked for', async () => {
    const authority = await createAuthority();
    const leaf = new X509Certificate(
      (await authority.issue({ commonName: 'device-1', purpose: 'client' })).certificate,
    );
    expect(leaf.subject).toBe('CN=device-1');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
  });
});
