import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { filterFault } from '../../shared/topic/filter.ts';
import { sampleOf } from './permissions.ts';
import { settingsSchema } from './settings.ts';

const text = (about: string) => z.string().min(1).describe(about);

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  const local = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  return local && (protocol === 'http:' || protocol === 'https:');
}

const pem = z.string().refine(isCertificate, 'is no certificate in PEM form');

const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

const keys = z
  .union([
    z.strictObject({ jwks: jwks.describe('public keys of the issuer (RFC 7517)') }),
    z.strictObject({
      jwksUrl: z.url().refine(isLoopback, 'must be on this machine').describe('where they are served'),
    }),
    z.strictObject({ certificates: z.array(pem).min(1).describe('certificates that hold them (PEM)') }),
  ])
  .describe('where the keys come from');

const tokenIssuer = z.strictObject({
  issuer: text('claim `iss`'),
  audiences: z.array(text('with or without a slash at the end')).min(1).describe('claim `aud`: one of these'),
  keys,
});

const attributes = z
  .record(z.string().regex(/^[A-Za-z0-9_-]+$/), z.union([z.string(), z.int(), z.array(z.string())]))
  .default({})
  .describe('for ${client.attributes.NAME} in templates');

const certificateClient = z
  .strictObject({
    authenticationName: text('name of the client'),
    validation: z
      .enum([
        'ThumbprintMatch',
        'SubjectMatchesAuthenticationName',
        'DnsMatchesAuthenticationName',
        'UriMatchesAuthenticationName',
        'IpMatchesAuthenticationName',
        'EmailMatchesAuthenticationName',
      ])
      .describe('how its certificate is recognized'),
    thumbprints: z.array(text('SHA-1 or SHA-256, hexadecimal')).default([]),
    attributes,
  })
  .refine(({ validation, thumbprints }) => validation !== 'ThumbprintMatch' || thumbprints.length > 0, {
    error: 'ThumbprintMatch needs a thumbprint',
    path: ['thumbprints'],
  });

const certificates = z.strictObject({
  authorities: z.array(pem).max(10).default([]).describe('PEM of what signs clients’ certificates itself'),
  alternativeNameSources: z
    .array(
      z.enum([
        'ClientCertificateSubject',
        'ClientCertificateDns',
        'ClientCertificateUri',
        'ClientCertificateIp',
        'ClientCertificateEmail',
      ]),
    )
    .default([])
    .describe('fields that name a client without user name, in order'),
  clients: z.array(certificateClient).default([]),
});

const template = z
  .string()
  .refine(
    (value) => filterFault(sampleOf(value)) === undefined && !sampleOf(value).includes('${'),
    'is no topic filter with ${client.authenticationName} or ${client.attributes.NAME}',
  );

const topicSpace = z.strictObject({
  name: text('name'),
  templates: z.array(template).min(1).max(10),
});

const permission = z.strictObject({
  topicSpace: text('name of a topic space'),
  role: z.enum(['Publisher', 'Subscriber']),
  identities: z.array(text('authentication name')).optional().describe('all clients when left out'),
});

/** What `mqttbridge emulator --config` reads. */
export const emulatorConfigSchema = z
  .strictObject({
    settings: settingsSchema.default({}).describe('settings that differ from the profile'),
    authentication: z
      .strictObject({
        entra: tokenIssuer.optional().describe('tokens of method OAUTH2-JWT, named by `oid`'),
        customJwt: tokenIssuer.optional().describe('tokens of method CUSTOM-JWT, named by `sub`'),
        certificates: certificates.optional().describe('X.509 certificates of clients; needs --tls-cert'),
      })
      .optional()
      .describe('who is let in; everybody when left out'),
    topicSpaces: z.array(topicSpace).max(10).optional().describe('everything is permitted when left out'),
    permissions: z.array(permission).max(100).default([]),
  })
  .superRefine(({ topicSpaces = [], permissions }, context) => {
    const names = new Set(topicSpaces.map(({ name }) => name));
    for (const [index, { topicSpace: wanted }] of permissions.entries()) {
      if (names.has(wanted)) continue;
      context.addIssue({ code: 'custom', path: ['permissions', index, 'topicSpace'], message: 'is no topic space' });
    }
  });

/** The content of an emulator's file. */
export type EmulatorConfig = z.output<typeof emulatorConfigSchema>;
