import { openAzureIdentity } from '../../agent/session/credentials/azure-identity.ts';
import {
  type CertificateState,
  type ConnectionMaterial,
  createCredentials,
} from '../../agent/session/credentials/credentials.ts';
import { credentialFault } from '../../agent/session/faults.ts';
import { openAzureVault } from '../../agent/session/credentials/vault/azure-vault.ts';
import type { VaultAccess } from '../../agent/session/credentials/vault/vault-reader.ts';
import type { TlsMaterial } from '../../agent/session/wire/wire.ts';
import type { Side } from '../../shared/plan/types.ts';
import type { Authentication } from '../../shared/resources/authentication.ts';
import type { CheckContext } from './context.ts';
import { explainFault } from './explain-fault.ts';
import { endsSoon, lifeOf } from './life.ts';
import { inTime, LateError } from './in-time.ts';
import { ended, finding, type Outcome, type Statement } from './outcome.ts';
import { TIME_IS_UP } from './time-is-up.ts';

/** Whether what a side logs on with can be read, or got, and how long it lasts. */
export async function checkCredentials(side: Side, context: CheckContext): Promise<Outcome<ConnectionMaterial>> {
  const spec = context.specs[side];
  const subject = { check: 'credentials', side } as const;
  const credentials = context.credentials[side];
  try {
    const material = await inTime(credentials.load(), context.stepTimeoutMs);
    const said = describe(spec.authentication, credentials.certificate(), context.wallClock());
    const { status, statement } = said;
    const findings = [finding(subject, status, statement)];
    return status === 'error' ? { findings } : { findings, value: material };
  } catch (error) {
    const fault = error instanceof LateError ? TIME_IS_UP : credentialFault(error);
    return ended(subject, 'error', explainFault(fault, { side, context }));
  } finally {
    credentials.close();
  }
}

/** The authorities to trust, also where the rest of the credentials is not to be had. */
export async function trustOf(side: Side, context: CheckContext): Promise<TlsMaterial> {
  const anonymous = { ...context.specs[side], authentication: { kind: 'anonymous' } } as const;
  const { tls } = await createCredentials(anonymous, context).load();
  return tls ?? {};
}

/** How both sides log on; whoever gives tokens and certificates is heard for the time that the answers show. */
export function credentialsOf({
  specs,
  files,
  identity,
  clock,
}: Pick<CheckContext, 'specs' | 'files' | 'identity' | 'clock'>): CheckContext['credentials'] {
  const { federation, vaults, ...tokens } = identity;
  const hear = (source: string) => (date: string | undefined) => clock.heard(source, date);
  // Without federation it may be a sidecar, which has this machine's clock.
  const issuer = hear(federation === undefined ? 'the identity endpoint' : 'Microsoft Entra');
  const deps = {
    files,
    tokens: { federation, open: () => openAzureIdentity(federation, issuer), ...tokens },
    vaults: { open: (access: VaultAccess) => openAzureVault(access, hear('the key vault')), ...vaults },
  };
  return { local: createCredentials(specs.local, deps), remote: createCredentials(specs.remote, deps) };
}

interface Verdict {
  readonly status: 'ok' | 'warning' | 'error';
  readonly statement: Statement;
}

function describe(authentication: Authentication, certificate: CertificateState | undefined, now: Date): Verdict {
  if (certificate !== undefined) return describeCertificate(certificate, now);
  return { status: 'ok', statement: { message: SENTENCES[authentication.kind](authentication as never) } };
}

type Sentences = {
  readonly [Kind in Authentication['kind']]: (authentication: Extract<Authentication, { kind: Kind }>) => string;
};

const SENTENCES: Sentences = {
  anonymous: () => 'None are configured: the side logs on as anonymous',
  usernamePassword: ({ secretName }) => `User name and password of Secret ${secretName} can be read`,
  x509: ({ secretName }) => `The client certificate of Secret ${secretName} can be read`,
  x509KeyVault: ({ keyVault }) => `The client certificate of key vault ${keyVault.vault.name} can be read`,
  managedIdentity: () => 'The managed identity gave a token',
  kubernetes: ({ secretPath, serviceAccountTokenName: name }) =>
    `The service account token ${secretPath}/${name} can be read`,
};

function describeCertificate({ secret, notAfter }: CertificateState, now: Date): Verdict {
  const life = lifeOf(notAfter * 1000, now);
  const details = { secret, validTo: new Date(notAfter * 1000).toISOString(), days: life.days };
  if (life.minutes < 0) {
    const message = `The client certificate of ${secret} ended on ${details.validTo}`;
    return { status: 'error', statement: { message, reason: 'CertificateEnded', advice: RENEW, details } };
  }
  const message = `The client certificate of ${secret} is valid for ${life.text}`;
  if (!endsSoon(life)) return { status: 'ok', statement: { message, details } };
  return { status: 'warning', statement: { message, reason: 'CertificateEndsSoon', advice: RENEW, details } };
}

const RENEW = 'put a new pair of certificate and key in its place; the agent takes it at the next connection';
