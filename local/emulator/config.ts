import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { filterFault } from '../../shared/topic/filter.ts';
import { clientQueryFault } from './client-query.ts';
import { ALL_CLIENTS, sampleOf } from './permissions.ts';
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

const localUrl = z.url().refine(isLoopback, 'must be on this machine');

const pem = z.string().refine(isCertificate, 'is no certificate in PEM form');

const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

const keys = z
  .union([
    z.strictObject({ jwks: jwks.describe('public keys of the issuer (RFC 7517)') }),
    z.strictObject({
      jwksUrl: localUrl.describe('where they are served'),
    }),
    z.strictObject({ certificates: z.array(pem).min(1).max(2).describe('certificates that hold them (PEM)') }),
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

const httpTarget = z.strictObject({
  url: localUrl.describe('HTTP or HTTPS on this machine'),
  timeoutMs: z.int().min(1).max(60_000).default(5_000).describe('milliseconds until the answer must be there'),
  bearerToken: text('sent as Authorization: Bearer').optional(),
  authority: pem.optional().describe('PEM of what signed the certificate of the HTTPS server'),
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

const clientGroup = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9-]{3,50}$/)
    .describe('3 to 50 letters, digits and hyphens'),
  query: z
    .string()
    .superRefine((query, context) => {
      const fault = clientQueryFault(query);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .describe('comparisons of authenticationName and attributes.NAME, joined by and, or and parentheses'),
});

const permission = z
  .strictObject({
    topicSpace: text('name of a topic space; all when left out').optional(),
    role: z.enum(['Publisher', 'Subscriber']),
    identities: z.array(text('authentication name')).optional().describe('all clients when left out'),
    clientGroup: text(`name of a client group, or ${ALL_CLIENTS}`).optional(),
  })
  .refine(({ identities, clientGroup: group }) => identities === undefined || group === undefined, {
    error: 'names identities or a client group, not both',
    path: ['clientGroup'],
  });

const lifeCycleEvents = z.strictObject({
  source: z.string().startsWith('/').describe('resource ID of the namespace').optional(),
  webhook: httpTarget.optional().describe('who gets them, as a batch of CloudEvents'),
});

/** Clients a namespace knows for each throughput unit. */
const CLIENTS_PER_UNIT = 10_000;

/** What `mqttbridge emulator --config` reads. */
export const emulatorConfigSchema = z
  .strictObject({
    settings: settingsSchema.default({}).describe('settings that differ from the profile'),
    authentication: z
      .strictObject({
        entra: tokenIssuer.optional().describe('tokens of method OAUTH2-JWT, named by `oid`'),
        customJwt: tokenIssuer.optional().describe('tokens of method CUSTOM-JWT, named by `sub`'),
        certificates: certificates.optional().describe('X.509 certificates of clients; needs --tls-cert'),
        webhook: httpTarget.optional().describe('asked about clients that the other parts do not know'),
      })
      .optional()
      .describe('who is let in; everybody when left out'),
    topicSpaces: z.array(topicSpace).max(10).optional().describe('everything is permitted when left out'),
    clientGroups: z.array(clientGroup).max(10).optional(),
    permissions: z.array(permission).max(100).default([]),
    lifeCycleEvents: lifeCycleEvents.optional().describe('connections and disconnections as CloudEvents'),
  })
  .superRefine(({ settings, authentication, topicSpaces = [], clientGroups = [], permissions }, context) => {
    const spaces = new Set(topicSpaces.map(({ name }) => name));
    const groups = new Set([ALL_CLIENTS, ...clientGroups.map(({ name }) => name)]);
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    for (const [index, { topicSpace: space, clientGroup: group }] of permissions.entries()) {
      if (space !== undefined && !spaces.has(space)) {
        complain(['permissions', index, 'topicSpace'], 'is no topic space');
      }
      if (group !== undefined && !groups.has(group)) {
        complain(['permissions', index, 'clientGroup'], 'is no client group');
      }
    }
    const most = CLIENTS_PER_UNIT * (settings.throughputUnits ?? 1);
    if ((authentication?.certificates?.clients.length ?? 0) > most) {
      complain(['authentication', 'certificates', 'clients'], `are more than ${most}`);
    }
  });

/** The content of an emulator's file. */
export type EmulatorConfig = z.output<typeof emulatorConfigSchema>;
