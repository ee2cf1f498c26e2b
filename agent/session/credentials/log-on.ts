import type { Authentication } from '../../../shared/resources/authentication.ts';
import type { MountedFiles } from '../../config/mounted-files.ts';
import { CredentialError, readMounted } from './credential-error.ts';
import { createIdentityToken, type IdentityTokenParts } from './identity-token.ts';
import { type LogOn, type LogOnSource, MAX_FIELD_BYTES } from './log-on-source.ts';
import { createServiceAccountToken, readServiceAccountToken } from './service-account-token.ts';

/** What tokens of a managed identity are got with, and the folders of what is mounted. */
export interface LogOnParts extends Omit<IdentityTokenParts, 'identity'> {
  readonly files: MountedFiles;
  /** Whether the identity is a federated one. */
  readonly federated: boolean;
}

/** Remembers how to log on; reads nothing before `load`. */
export function createLogOn(authentication: Authentication, parts: LogOnParts): LogOnSource {
  const { files, federated, clock } = parts;
  switch (authentication.kind) {
    case 'managedIdentity': {
      const { audience, extensionName } = authentication;
      return createIdentityToken({ ...parts, identity: { audience, extensionName, federated } });
    }
    case 'kubernetes':
      // The preview's broker takes `$sat` as user name, its successor enhanced authentication, which only MQTT 5 has.
      if (authentication.method === 'enhanced') return createServiceAccountToken(authentication, files, clock);
      return fixed(async () => ({
        username: '$sat',
        password: await readServiceAccountToken(authentication, files),
      }));
    case 'usernamePassword':
      return fixed(() => readUsernamePassword(authentication.secretName, files));
    case 'x509':
    case 'x509KeyVault':
    case 'anonymous':
      return fixed(() => Promise.resolve({}));
  }
}

/** Without tokens there is nothing to follow: what changes is used at the next connection. */
function fixed(load: () => Promise<LogOn>): LogOnSource {
  return { load, token: () => undefined, follow: () => () => undefined };
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

/** Files written by an editor or `echo` end in a line end that is no part of the secret. */
function withoutLineEnd(value: Buffer): Buffer {
  if (value.at(-1) !== 0x0a) return value;
  return value.subarray(0, value.at(-2) === 0x0d ? -2 : -1);
}

function isUsername(value: Buffer): boolean {
  if (value.length === 0 || value.length > MAX_FIELD_BYTES || value.includes(0)) return false;
  return Buffer.from(value.toString('utf8'), 'utf8').equals(value);
}
