import '../../support/reflect-shim.ts';
import { X509Certificate, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import mqtt from 'mqtt';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createCertificateCheck,
  type CertificateClient,
  type CertificateRules,
} from '../../../local/emulator/authentication/certificate.ts';
import { createDirectory } from '../../../local/emulator/authentication/directory.ts';
import { type Authority, createAuthority, createSelfSigned, type Identity } from '../../support/certificates.ts';
import { startEmulator } from './support/emulator.ts';

let root: Authority;
let issuing: Authority;
let device: Identity;
let expired: Identity;
beforeAll(async () => {
  root = await createAuthority();
  issuing = await root.intermediate();
  device = await issuing.issue({ commonName: 'device-1', names: ['device-1.example', '10.0.0.1'], purpose: 'client' });
  expired = await issuing.issue({ commonName: 'device-1', purpose: 'client', expired: true });
});

function client(authenticationName: string, fields: Partial<CertificateClient> = {}): CertificateClient {
  return {
    authenticationName,
    validation: 'SubjectMatchesAuthenticationName',
    thumbprints: [],
    attributes: {},
    ...fields,
  };
}

/** A certificate with these alternative names that has signed itself. */
async function selfSignedFor(names: readonly { type: 'url' | 'email' | 'dns'; value: string }[]): Promise<Identity> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=self',
    keys: await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']),
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([...names])],
  });
  const certificate = made.toString('pem');
  return { certificate, chain: certificate, key: '' };
}

/** Name under which a certificate is taken, or undefined. */
function check(shown: Identity | undefined, rules: Partial<CertificateRules>, username?: string): string | undefined {
  const all = { authorities: [issuing.certificate], alternativeNameSources: [], clients: [], ...rules };
  const der = shown === undefined ? undefined : new X509Certificate(shown.certificate).raw;
  const found = createCertificateCheck(all)(der, username, Date.now());
  return found.kind === 'known' ? found.name : undefined;
}

describe('a certificate', () => {
  const byThumbprint = (thumbprint: string) =>
    client('ann', { validation: 'ThumbprintMatch', thumbprints: [thumbprint] });

  test.each(['fingerprint', 'fingerprint256'] as const)('is known by its %s, whoever signed it', async (which) => {
    const own = await createSelfSigned();
    const thumbprint = new X509Certificate(own.certificate)[which].replaceAll(':', '').toLowerCase();
    expect(check(own, { clients: [byThumbprint(thumbprint)] }, 'ann')).toBe('ann');
    expect(check(device, { clients: [byThumbprint(thumbprint)] }, 'ann')).toBeUndefined();
  });

  test.each([
    { validation: 'SubjectMatchesAuthenticationName', name: 'device-1' },
    { validation: 'DnsMatchesAuthenticationName', name: 'device-1.example' },
    { validation: 'IpMatchesAuthenticationName', name: '10.0.0.1' },
  ] as const)('is known by its issuer and $validation', ({ validation, name }) => {
    expect(check(device, { clients: [client(name, { validation })] }, name)).toBe(name);
    expect(check(device, { clients: [client('other', { validation })] }, 'other')).toBeUndefined();
  });

  test.each([
    { validation: 'UriMatchesAuthenticationName', type: 'url', name: 'urn:device:1' },
    { validation: 'EmailMatchesAuthenticationName', type: 'email', name: 'device-1@example.org' },
  ] as const)('is known by its issuer and $validation', async ({ validation, type, name }) => {
    const own = await selfSignedFor([{ type, value: name }]);
    const rules = { authorities: [own.certificate], clients: [client(name, { validation })] };
    expect(check(own, rules, name)).toBe(name);
  });

  test('cannot smuggle a name into another one', async () => {
    const own = await selfSignedFor([{ type: 'url', value: 'urn:x, DNS:admin' }]);
    const clients = [client('admin', { validation: 'DnsMatchesAuthenticationName' })];
    expect(check(own, { authorities: [own.certificate], clients }, 'admin')).toBeUndefined();
  });

  test.each([
    { what: 'another issuer', rules: () => ({ authorities: [root.certificate] }) },
    { what: 'no issuer', rules: () => ({ authorities: [] }) },
    { what: 'no such client', rules: () => ({ clients: [] }) },
  ])('is refused for $what', ({ rules }) => {
    expect(check(device, { clients: [client('device-1')], ...rules() }, 'device-1')).toBeUndefined();
  });

  test('is refused when its time is over, and when there is none', () => {
    const clients = [client('device-1')];
    expect(check(expired, { clients }, 'device-1')).toBeUndefined();
    expect(check(undefined, { clients }, 'device-1')).toBeUndefined();
  });

  test.each([
    { sources: ['ClientCertificateUri', 'ClientCertificateDns', 'ClientCertificateSubject'], name: 'device-1.example' },
    { sources: ['ClientCertificateEmail', 'ClientCertificateSubject'], name: 'device-1' },
    { sources: ['ClientCertificateIp'], name: '10.0.0.1' },
    { sources: ['ClientCertificateUri'], name: undefined },
  ] as const)('names a client without user name by the first of $sources: $name', ({ sources, name }) => {
    const thumbprints = [new X509Certificate(device.certificate).fingerprint256];
    const clients = ['device-1', 'device-1.example', '10.0.0.1'].map((one) =>
      client(one, { validation: 'ThumbprintMatch', thumbprints }),
    );
    expect(check(device, { alternativeNameSources: sources, clients })).toBe(name);
  });
});

test.each([4, 5] as const)(
  'a client with a certificate connects over TLS with protocol level %i',
  async (protocolVersion) => {
    const server = await root.issue({ purpose: 'server' });
    const rules = {
      certificates: {
        authorities: [issuing.certificate],
        alternativeNameSources: ['ClientCertificateSubject' as const],
        clients: [client('device-1')],
      },
    };
    const { emulator, port } = await startEmulator(
      { authenticator: createDirectory(rules, Date.now) },
      { host: 'localhost', tls: { cert: server.chain, key: server.key, requestCert: true, rejectUnauthorized: false } },
    );
    const url = `mqtts://localhost:${port}`;
    const options = { ca: root.certificate, protocolVersion, reconnectPeriod: 0 };
    const connection = await mqtt.connectAsync(url, { ...options, cert: device.chain, key: device.key });
    expect(emulator.sessions()).toMatchObject([{ authenticationName: 'device-1' }]);
    await connection.endAsync();
    await expect(mqtt.connectAsync(url, options)).rejects.toMatchObject({ code: protocolVersion === 5 ? 0x87 : 5 });
  },
);
