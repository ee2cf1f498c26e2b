import { type SecureContext, createSecureContext, getCACertificates, rootCertificates } from 'node:tls';
import type { TlsMaterial } from './wire.ts';

const contexts = new WeakMap<TlsMaterial, SecureContext>();
let systemTrust: string[] | undefined;

/**
 * The TLS context for a material, built once per material object: a context costs milliseconds and hundreds of kilobytes, and a
 * thousand sessions share it. Throws OpenSSL's error when the certificates cannot be used.
 */
export function secureContextOf(material: TlsMaterial): SecureContext {
  const known = contexts.get(material);
  if (known !== undefined) return known;
  const context = createSecureContext({
    minVersion: 'TLSv1.2',
    ca: material.ca === undefined ? operatingSystemTrust() : [...material.ca],
    ...(material.cert === undefined ? {} : { cert: material.cert }),
    ...(material.key === undefined ? {} : { key: material.key }),
  });
  contexts.set(material, context);
  return context;
}

/**
 * The operating system's trusted authorities plus NODE_EXTRA_CA_CERTS, as `curl` would trust them; the list that Node carries
 * stands in where the system has none, as in a minimal container image. Read once: the process restarts for a new system list.
 */
function operatingSystemTrust(): string[] {
  systemTrust ??= readOperatingSystemTrust();
  return systemTrust;
}

function readOperatingSystemTrust(): string[] {
  // Node 22.12 to 22.14 have no getCACertificates.
  if (typeof getCACertificates !== 'function') return [...rootCertificates];
  const system = getCACertificates('system');
  const base = system.length > 0 ? system : getCACertificates('bundled');
  return [...new Set([...base, ...getCACertificates('extra')])];
}
