import { z } from 'zod';
import type { Connector } from './connector.ts';
import { objectName } from './metadata.ts';

const ONE_OF = { minProperties: 1, maxProperties: 1 };

const secretName = (description: string) => objectName().meta({ description });

const anonymousSchema = z.strictObject({}).optional().meta({ description: 'No credentials: `anonymous: {}`.' });

const usernamePasswordSchema = z
  .strictObject({ secretName: secretName('Secret with the keys `username` and `password`.') })
  .optional()
  .meta({ description: 'User name and password.' });

const PEM_KEYS =
  'Secret with the keys `client_cert.pem`, `client_key.pem` and optionally `client_intermediate_certs.pem`.';

const versioned = (what: string) =>
  z.strictObject({
    name: z
      .string()
      .regex(/^[0-9A-Za-z-]{1,127}$/, 'must be at most 127 letters, digits and hyphens')
      .meta({ description: `Name of the ${what} in the vault.` }),
    version: z
      .string()
      .regex(/^[0-9A-Za-z]{1,64}$/, 'must be letters and digits')
      .optional()
      .meta({ description: `Version of the ${what}; the newest when absent or \`latest\`.` }),
  });

const keyVaultSchema = z
  .strictObject({
    vault: z
      .strictObject({
        name: z
          .string()
          // It becomes part of a host name, to which a token is sent.
          .regex(/^[0-9A-Za-z](?:[0-9A-Za-z-]{0,22}[0-9A-Za-z])?$/, 'must be at most 24 letters, digits and hyphens')
          .meta({ description: 'Name of the key vault.' }),
        directoryId: z
          .string()
          .regex(/^[0-9A-Za-z.-]{1,253}$/, 'must be the ID of a tenant')
          .meta({ description: 'Microsoft Entra tenant of the key vault.' }),
        credentials: z
          .strictObject({
            servicePrincipalLocalSecretName: secretName(
              'Secret with the keys `clientid` and `clientsecret` of the service principal that may read the vault.',
            ),
          })
          .meta({ description: 'Who reads the vault.' }),
      })
      .meta({ description: 'The key vault.' }),
    vaultCert: versioned('certificate').meta({ description: 'Client certificate with its key.' }),
    vaultCaChainSecret: versioned('secret').optional().meta({ description: 'Intermediate certificates.' }),
  })
  .optional()
  .meta({ description: 'Take the client certificate from Azure Key Vault.' });

const x509Schema = z
  .strictObject({ secretName: secretName(PEM_KEYS).optional(), keyVault: keyVaultSchema })
  .superRefine((value, context) => exactlyOne(value, context))
  .optional()
  .meta({ description: 'Client certificate, from a Secret or from a key vault.', ...ONE_OF });

const managedIdentitySchema = z
  .strictObject({
    audience: z
      .string()
      .min(1)
      .meta({ description: 'Audience of the token; for Event Grid https://eventgrid.azure.net.' }),
    extensionName: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Name of the Azure Arc extension whose identity is used.' }),
  })
  .optional()
  .meta({ description: 'System-assigned managed identity of the Azure Arc extension.' });

const kubernetesSchema = z
  .strictObject({
    secretPath: z
      .string()
      .regex(/^\/[^\0]*$/, 'must be an absolute path')
      .default('/var/run/serviceaccount/localbroker')
      .meta({ description: 'Folder in which the service account token is mounted.' }),
    serviceAccountTokenName: z
      .string()
      .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/, 'must be a plain file name')
      .default('sat')
      .meta({ description: 'File name of the token in that folder.' }),
    method: z.enum(['enhanced', 'username']).optional().meta({
      description:
        'How the token is presented: MQTT 5 enhanced authentication `K8S-SAT`, or user name `$sat`. Default: enhanced with v5, username with v3.',
    }),
  })
  .optional()
  .meta({ description: 'Kubernetes service account token: `kubernetes: {}`.' });

/** How to log on to the local broker: exactly one method, `kubernetes: {}` when the block is left out. */
export const localAuthenticationSchema = z
  .strictObject({
    kubernetes: kubernetesSchema,
    anonymous: anonymousSchema,
    usernamePassword: usernamePasswordSchema,
    x509: x509Schema,
  })
  .superRefine((value, context) => exactlyOne(value, context))
  .prefault({ kubernetes: {} })
  .meta({ description: 'How to log on to the local broker: exactly one method.', ...ONE_OF });

/** How to log on to the remote broker: exactly one method. */
export const remoteAuthenticationSchema = z
  .strictObject({
    systemAssignedManagedIdentity: managedIdentitySchema,
    x509: x509Schema,
    usernamePassword: usernamePasswordSchema,
    anonymous: anonymousSchema,
  })
  .superRefine((value, context) => exactlyOne(value, context))
  .meta({ description: 'How to log on to the remote broker: exactly one method.', ...ONE_OF });

/** A client certificate in Azure Key Vault. */
export type KeyVault = z.output<typeof keyVaultSchema> & object;

/** The method of a connection's authentication as a tagged union. */
export type Authentication =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'usernamePassword'; readonly secretName: string }
  | { readonly kind: 'x509'; readonly secretName: string }
  | { readonly kind: 'x509KeyVault'; readonly keyVault: KeyVault }
  | { readonly kind: 'managedIdentity'; readonly audience: string; readonly extensionName?: string | undefined }
  | {
      readonly kind: 'kubernetes';
      readonly secretPath: string;
      readonly serviceAccountTokenName: string;
      readonly method: 'enhanced' | 'username';
    };

/** The method a connector uses at one of its brokers, defaults resolved. */
export function authenticationOf(connector: Connector, side: 'local' | 'remote'): Authentication {
  if (side === 'remote') return remoteAuthentication(connector.spec.remoteBrokerConnection.authentication);
  const { kubernetes, usernamePassword, x509 } = connector.spec.localBrokerConnection.authentication;
  if (usernamePassword) return { kind: 'usernamePassword', secretName: usernamePassword.secretName };
  const certificate = x509 && certificateMethod(x509);
  if (certificate) return certificate;
  if (!kubernetes) return { kind: 'anonymous' };
  const method = kubernetes.method ?? (connector.spec.protocol === 'v5' ? 'enhanced' : 'username');
  const { secretPath, serviceAccountTokenName } = kubernetes;
  return { kind: 'kubernetes', secretPath, serviceAccountTokenName, method };
}

function remoteAuthentication(methods: z.output<typeof remoteAuthenticationSchema>): Authentication {
  const { systemAssignedManagedIdentity: identity, x509, usernamePassword } = methods;
  if (identity) return { kind: 'managedIdentity', ...identity };
  if (usernamePassword) return { kind: 'usernamePassword', secretName: usernamePassword.secretName };
  return (x509 && certificateMethod(x509)) ?? { kind: 'anonymous' };
}

function certificateMethod({
  secretName: name,
  keyVault,
}: z.output<typeof x509Schema> & object): Authentication | undefined {
  if (name !== undefined) return { kind: 'x509', secretName: name };
  return keyVault && { kind: 'x509KeyVault', keyVault };
}

function exactlyOne(value: object, context: z.RefinementCtx): void {
  const given = Object.values(value).filter((method) => method !== undefined).length;
  if (given === 1) return;
  const message =
    given === 0 ? 'exactly one is needed and none is given' : `exactly one is allowed and ${given} are given`;
  context.addIssue({ code: 'custom', message, params: { rule: 'BC004' } });
}
