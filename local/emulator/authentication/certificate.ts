import { X509Certificate } from 'node:crypto';
import { reason } from '../../broker/reason.ts';
import type { ClientAttributes } from '../attributes.ts';
import type { Identification } from './authenticator.ts';

/** Fields of a certificate that may name a client which sends no user name. */
export type NameSource =
  | 'ClientCertificateSubject'
  | 'ClientCertificateDns'
  | 'ClientCertificateUri'
  | 'ClientCertificateIp'
  | 'ClientCertificateEmail';

/** How a client's certificate is recognized: by its own thumbprint, or by its issuer and a field equal to the name. */
export type ValidationScheme =
  | 'ThumbprintMatch'
  | 'SubjectMatchesAuthenticationName'
  | 'DnsMatchesAuthenticationName'
  | 'UriMatchesAuthenticationName'
  | 'IpMatchesAuthenticationName'
  | 'EmailMatchesAuthenticationName';

/** A client that shows a certificate. */
export interface CertificateClient {
  readonly authenticationName: string;
  readonly validation: ValidationScheme;
  /** SHA-1 or SHA-256 of the certificate, hexadecimal; used by ThumbprintMatch. */
  readonly thumbprints: readonly string[];
  readonly attributes: ClientAttributes;
}

/** Which certificates are taken. */
export interface CertificateRules {
  /** PEM of those that sign clients' certificates themselves: an intermediate, where there is one. */
  readonly authorities: readonly string[];
  /** In order; the first field that is not empty names a client without user name. */
  readonly alternativeNameSources: readonly NameSource[];
  readonly clients: readonly CertificateClient[];
}

type Field = 'Subject' | 'Dns' | 'Uri' | 'Ip' | 'Email';

const LABELS = { Dns: 'DNS', Uri: 'URI', Ip: 'IP Address', Email: 'email' } as const;

/** Values of one kind of alternative name; Node quotes a value that holds a separator as JSON does. */
function alternatives(certificate: X509Certificate, label: string): string[] {
  const names = certificate.subjectAltName ?? '';
  return [...names.matchAll(/(DNS|URI|IP Address|email):("(?:[^"\\]|\\.)*"|[^,]*)/g)]
    .filter((match) => match[1] === label)
    .map(([, , value = '']) => (value.startsWith('"') ? String(JSON.parse(value)) : value));
}

function subjectNames({ subject }: X509Certificate): string[] {
  const whole = subject.split('\n');
  const common = whole.filter((part) => part.startsWith('CN=')).map((part) => part.slice('CN='.length));
  return [...common, whole.join(','), whole.toReversed().join(', ')];
}

function valuesOf(certificate: X509Certificate, field: Field): string[] {
  const values = field === 'Subject' ? subjectNames(certificate) : alternatives(certificate, LABELS[field]);
  return values.filter((value) => value !== '');
}

function nameIn(certificate: X509Certificate, sources: readonly NameSource[]): string | undefined {
  for (const source of sources) {
    const [value] = valuesOf(certificate, source.slice('ClientCertificate'.length) as Field);
    if (value !== undefined) return value;
  }
  return undefined;
}

function hex(thumbprint: string): string {
  return thumbprint.replaceAll(/[^0-9A-Fa-f]/g, '').toLowerCase();
}

function hasThumbprint(certificate: X509Certificate, thumbprints: readonly string[]): boolean {
  const own = [hex(certificate.fingerprint), hex(certificate.fingerprint256)];
  return thumbprints.some((thumbprint) => own.includes(hex(thumbprint)));
}

function matches(
  certificate: X509Certificate,
  client: CertificateClient,
  authorities: readonly X509Certificate[],
): boolean {
  if (client.validation === 'ThumbprintMatch') return hasThumbprint(certificate, client.thumbprints);
  const field = client.validation.slice(0, -'MatchesAuthenticationName'.length) as Field;
  const issued = authorities.some(
    (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
  return issued && valuesOf(certificate, field).includes(client.authenticationName);
}

/** Checks a certificate (DER) shown under a user name, if any, at a time in milliseconds since 1970. */
export type CertificateCheck = (der: Buffer | undefined, username: string | undefined, now: number) => Identification;

function unknown(detail: string): Identification {
  return { kind: 'unknown', reasonCode: reason.notAuthorized, detail };
}

/** A check for the certificates of known clients. */
export function createCertificateCheck(rules: CertificateRules): CertificateCheck {
  const authorities = rules.authorities.map((pem) => new X509Certificate(pem));
  const clients = new Map(rules.clients.map((client) => [client.authenticationName, client]));
  return (der, username, now) => {
    if (der === undefined) return unknown('no certificate');
    const certificate = new X509Certificate(der);
    if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) {
      return unknown('the certificate is not valid now');
    }
    const name = username ?? nameIn(certificate, rules.alternativeNameSources);
    const client = name === undefined ? undefined : clients.get(name);
    if (client === undefined) return unknown('no client has this authentication name');
    return matches(certificate, client, authorities)
      ? { kind: 'known', name: client.authenticationName, attributes: client.attributes }
      : unknown('the certificate is not the one of this client');
  };
}
