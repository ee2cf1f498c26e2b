import { readdir } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createMountedFiles } from '../../../agent/config/mounted-files.ts';
import { createCredentials } from '../../../agent/session/credentials/credentials.ts';
import { createScope } from '../../support/scope.ts';
import { createAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { createMountRoot } from '../../unit/agent/credentials/mounted-folder.ts';
import { pairOf } from './pair.ts';
import { recordWire } from './recorder.ts';
import { startTlsServer } from './servers.ts';

const ROTATIONS = 100;
const BAD = 60;

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

test('100 rotations of client certificate and CA are each used at the next connection, a mismatched pair never', async (t) => {
  const authority = await createAuthority();
  const server = pairOf(await authority.issue());
  const seen: string[] = [];
  const options = { ...server, requestCert: true, rejectUnauthorized: true, ca: authority.certificate };
  const { port, sockets } = await startTlsServer(t, options, (socket) => {
    seen.push(String((socket as TLSSocket).getPeerCertificate().subject.CN));
    socket.resume();
  });
  const [secrets, configMaps] = [await createMountRoot(t), await createMountRoot(t)];
  const rejected: string[] = [];
  const credentials = createCredentials(
    {
      side: 'remote',
      host: 'localhost',
      port,
      transport: 'tcp',
      tlsEnabled: true,
      maxPacketBytes: 65_536,
      caConfigMap: 'trust',
      authentication: { kind: 'x509', secretName: 'client' },
    },
    {
      files: createMountedFiles({ secretsDir: secrets.dir, configmapsDir: configMaps.dir }),
      onRejected: ({ reason }) => rejected.push(reason),
    },
  );

  const expected: string[] = [];
  const materials: WeakRef<object>[] = [];
  let descriptors = 0;
  for (let rotation = 1; rotation <= ROTATIONS; rotation++) {
    const pair = pairOf(await authority.issue({ commonName: `edge-${rotation}` }));
    const key = rotation === BAD ? server.key : pair.key;
    await secrets.mount('client', { 'client_cert.pem': pair.cert, 'client_key.pem': key });
    await configMaps.mount('trust', { 'ca.crt': `# ${rotation}\n${authority.certificate}` });
    expected.push(`edge-${rotation === BAD ? rotation - 1 : rotation}`);

    const { tls = {} } = await credentials.load();
    materials.push(new WeakRef(tls));
    await using scope = createScope();
    const peer = recordWire(scope, { port, tls });
    await peer.opened();
    await eventually(() => seen.length === rotation);
    if (rotation === BAD) expect(credentials.certificate()?.rejected).toContain('client_key.pem');
    peer.wire.end();
    expect(await peer.closed()).toBeUndefined();
    await eventually(() => sockets.size === 0);
    if (rotation === 10) descriptors = (await readdir('/proc/self/fd')).length;
  }
  expect(seen).toEqual(expected);
  expect(rejected).toEqual(['KeyMismatch']);
  expect(credentials.certificate()).not.toHaveProperty('rejected');
  expect((await readdir('/proc/self/fd')).length).toBeLessThanOrEqual(descriptors + 2);
  await eventually(() => {
    collectGarbage();
    return materials.filter((material) => material.deref() !== undefined).length < 5;
  });
});
