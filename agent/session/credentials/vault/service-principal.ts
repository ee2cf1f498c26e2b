import type { MountedFiles } from '../../../config/mounted-files.ts';
import { CredentialError, readMounted } from '../credential-error.ts';

/** A service principal with its client secret, as the Secret that the connector names holds it. */
export interface ServicePrincipal {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Keys of the Secret, as Azure IoT Operations writes them. */
const CLIENT_ID = 'clientid';
const CLIENT_SECRET = 'clientsecret';
/** Far longer than either is. */
const MAX_CHARACTERS = 1_024;

/** Reads the service principal anew; rejects with CredentialError. */
export async function readServicePrincipal(secretName: string, files: MountedFiles): Promise<ServicePrincipal> {
  const keys = await readMounted(files.readSecret(secretName));
  const field = (key: string): string => {
    const value = keys.get(key);
    if (value === undefined) {
      throw new CredentialError('SecretKeyMissing', `Secret ${secretName} has no key ${key}; ${rewrite(secretName)}.`);
    }
    const text = value.toString('utf8').trim();
    // What is no printable ASCII would fail in the library, in words that quote it.
    if (text.length > MAX_CHARACTERS || !/^[\x21-\x7e]+$/.test(text)) {
      throw new CredentialError(
        'SecretInvalid',
        `In Secret ${secretName}, ${key} is not one word of printable characters; ${rewrite(secretName)}.`,
      );
    }
    return text;
  };
  return { clientId: field(CLIENT_ID), clientSecret: field(CLIENT_SECRET) };
}

function rewrite(secretName: string): string {
  return `write it with kubectl create secret generic ${secretName} --from-literal ${CLIENT_ID}=ID --from-literal ${CLIENT_SECRET}=VALUE`;
}
