import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A key of a site, taken apart. */
export interface SiteKey {
  readonly site: string;
  /** `id` of the grant. */
  readonly id: string;
  readonly secret: string;
}

/** What every key of a site begins with, so that scanners of repositories and logs can find one. */
export const SITE_KEY_PREFIX = 'mqb_';
const SECRET_BYTES = 32;
const LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const SITE_KEY = new RegExp(`^${SITE_KEY_PREFIX}(?<site>${LABEL})_(?<id>${LABEL})_(?<secret>[A-Za-z0-9_-]{43})$`);
const NO_DIGEST = Buffer.alloc(32);

/** A new secret of 256 random bits: too many to be guessed from its hash, so that a fast hash will do. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** The text that its owner sends: `mqb_SITE_ID_SECRET`. */
export function formatSiteKey({ site, id, secret }: SiteKey): string {
  return `${SITE_KEY_PREFIX}${site}_${id}_${secret}`;
}

/** Undefined when the text is no key of a site. */
export function parseSiteKey(text: string): SiteKey | undefined {
  const { site, id, secret } = SITE_KEY.exec(text)?.groups ?? {};
  return site === undefined || id === undefined || secret === undefined ? undefined : { site, id, secret };
}

/** What is kept of a secret: its SHA-256, in hexadecimal. */
export function hashSecret(secret: string): string {
  return digest(secret).toString('hex');
}

/**
 * Compares a secret with hashes: the time a comparison takes depends neither on the secret nor on the hash, nor on
 * whether there is a hash at all.
 */
export function secretMatcher(secret: string): (sha256: string | undefined) => boolean {
  const shown = digest(secret);
  return (sha256) => {
    const expected = Buffer.from(sha256 ?? '', 'hex');
    const comparable = expected.length === shown.length;
    const equal = timingSafeEqual(shown, comparable ? expected : NO_DIGEST);
    return equal && comparable;
  };
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
