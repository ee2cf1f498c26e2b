import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createServerCertificate } from '../../../../local/demo/certificate.ts';

const NOW = new Date('2026-03-04T05:06:07Z');

describe('certificate of the demo', () => {
  test('is for this machine, for a day, signed by itself and different each time', () => {
    const [first, second] = [createServerCertificate(NOW), createServerCertificate(NOW)];
    const certificate = new X509Certificate(first.certificate);
    expect(certificate.subject).toBe('CN=localhost');
    expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.validFromDate).toEqual(new Date('2026-03-03T17:06:07Z'));
    expect(certificate.validToDate).toEqual(new Date('2026-03-04T17:06:07Z'));
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.serialNumber).not.toBe(new X509Certificate(second.certificate).serialNumber);
  });

  test.each(['localhost', '127.0.0.1'])('lets a client that trusts it connect to %s', async (host) => {
    const { certificate, key } = createServerCertificate(new Date());
    const server = createServer({ cert: certificate, key }, (socket) => socket.end());
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client: TLSSocket = connect({ host, port, ca: certificate, servername: 'localhost' });
    await once(client, 'secureConnect');
    expect(client.authorized).toBe(true);
    client.destroy();
  });
});
