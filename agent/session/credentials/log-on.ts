import type { Authentication } from '../../../shared/resources/authentication.ts';
import type { MountedFiles } from '../../config/mounted-files.ts';
import { CredentialError, readMounted } from './credential-error.ts';
import type { ConnectionMaterial } from './credentials.ts';

/** What CONNECT carries to log on; a client certificate is no part of it. */
export type LogOn = Pick<ConnectionMaterial, 'username' | 'password' | 'enhanced'>;

/** CONNECT's user name and password are strings of at most 65,535 bytes (MQTT 5, 1.5.4 and 1.5.6). */
const MAX_FIELD_BYTES = 65_535;

/** Reads anew what CONNECT shall carry; rejects with CredentialError. */
export function readLogOn(authentication: Authentication, files: MountedFiles): Promise<LogOn> {
  const { kind } = authentication;
  if (kind === 'anonymous' || kind === 'x509') return Promise.resolve({});
  if (kind === 'usernamePassword') return readUsernamePassword(authentication.secretName, files);
  if (kind === 'kubernetes') return readServiceAccountToken(authentication, files);
  return Promise.reject(notSupported(kind));
}

function notSupported(kind: 'managedIdentity' | 'x509KeyVault'): CredentialError {
  return kind === 'managedIdentity'
    ? new CredentialError(
        'NotSupportedManagedIdentity',
        'This version does not log on with systemAssignedManagedIdentity; use x509.secretName or usernamePassword.',
      )
    : new CredentialError(
        'NotSupportedKeyVault',
        'This version does not read certificates from x509.keyVault; put the certificate into a Secret and name it in x509.secretName.',
      );
}

async function readUsernamePassword(secretName: string, files: MountedFiles): Promise<LogOn> {
  const keys = await readMounted(files.readSecret(secretName));
  const field = (key: string): Buffer => {
    const value = keys.get(key);
    if (value === undefined)
      throw new CredentialError('SecretKeyMissing', `Secret ${secretName} has no key ${key}; add it.`);
    return withoutLineEnd(value);
  };
  const username = field('username');
  const password = field('password');
  if (!isUsername(username) || password.length > MAX_FIELD_BYTES) {
    throw new CredentialError(
      'SecretInvalid',
      `In Secret ${secretName}, username must be UTF-8 text without NUL, and neither key longer than 65,535 bytes; correct it.`,
    );
  }
  return { username: username.toString('utf8'), password };
}

type Kubernetes = Extract<Authentication, { kind: 'kubernetes' }>;

async function readServiceAccountToken(
  { secretPath, serviceAccountTokenName, method }: Kubernetes,
  files: MountedFiles,
): Promise<LogOn> {
  const file = await readMounted(files.readFileBelow(secretPath, serviceAccountTokenName));
  const token = Buffer.from(file.toString('latin1').trim(), 'latin1');
  if (token.length === 0) {
    throw new CredentialError(
      'TokenEmpty',
      `The service account token in ${secretPath} is empty; check the projected volume of the pod.`,
    );
  }
  if (token.length > MAX_FIELD_BYTES) {
    throw new CredentialError(
      'TokenInvalid',
      `The service account token in ${secretPath} is longer than 65,535 bytes; mount the token there.`,
    );
  }
  // The preview's broker takes `$sat` as user name, its successor enhanced authentication, which only MQTT 5 has.
  return method === 'enhanced'
    ? { enhanced: { method: 'K8S-SAT', data: token } }
    : { username: '$sat', password: token };
}

/** Files written by an editor or `echo` end in a line end that is no part of the secret. */
function withoutLineEnd(value: Buffer): Buffer {
  if (value.at(-1) !== 0x0a) return value;
  return value.subarray(0, value.at(-2) === 0x0d ? -2 : -1);
}

function isUsername(value: Buffer): boolean {
  if (value.length === 0 || value.length > MAX_FIELD_BYTES || value.includes(0)) return false;
  return Buffer.from(value.toString('utf8'), 'utf8').equals(value);
}
