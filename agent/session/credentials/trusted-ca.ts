import { CredentialError } from './credential-error.ts';
import type { Keys } from './last-good.ts';
import { parseCertificates } from './pem.ts';

/** The PEM certificates in all keys of a CA ConfigMap, each once; throws CredentialError without at least one good one. */
export function parseTrustedCa(configMapName: string, keys: Keys): readonly string[] {
  const found = new Map<string, string>();
  for (const [key, text] of keys) {
    const certificates = parseCertificates(text);
    if (certificates === undefined) {
      throw new CredentialError(
        'CaInvalid',
        `In ConfigMap ${configMapName}, ${key} holds a certificate that cannot be read; write it in PEM form.`,
      );
    }
    for (const { pem, parsed } of certificates) found.set(parsed.fingerprint256, pem);
  }
  if (found.size === 0) {
    throw new CredentialError(
      'CaInvalid',
      `ConfigMap ${configMapName} holds no PEM certificate; add the CA's under a key such as ca.crt.`,
    );
  }
  return [...found.values()];
}
