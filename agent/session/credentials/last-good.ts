import { createHash } from 'node:crypto';
import { CredentialError } from './credential-error.ts';

/** Content of a ConfigMap or Secret by key. */
export type Keys = ReadonlyMap<string, Buffer>;

/** Something parsed from a mounted object, which survives a bad replacement. */
export interface LastGood<T> {
  /** Reads anew and answers the newest good value; rejects with CredentialError as long as there never was one. */
  load(): Promise<T>;
  current(): T | undefined;
  /** Why the newest content is not in use, when it is not. */
  rejected(): string | undefined;
}

/** How a LastGood reads, judges and reports. */
export interface LastGoodOptions<T> {
  /** Rejects with CredentialError. */
  readonly read: () => Promise<Keys>;
  /** Throws CredentialError for content that must not be used. */
  readonly parse: (keys: Keys) => T;
  /** Called once per change to something bad. */
  readonly onRejected: (error: CredentialError) => void;
}

/** Keeps the last good value of a mounted object; only new content is parsed. */
export function createLastGood<T>({ read, parse, onRejected }: LastGoodOptions<T>): LastGood<T> {
  let seen: string | undefined;
  let good: T | undefined;
  let fault: CredentialError | undefined;

  function reject(error: unknown, fingerprint: string): void {
    if (!(error instanceof CredentialError)) throw error;
    const isNew = fingerprint !== seen;
    seen = fingerprint;
    fault = error;
    if (isNew) onRejected(error);
  }

  function accept(keys: Keys): void {
    const fingerprint = fingerprintOf(keys);
    if (fingerprint === seen) return;
    try {
      good = parse(keys);
      fault = undefined;
      seen = fingerprint;
    } catch (error) {
      reject(error, fingerprint);
    }
  }

  return {
    async load() {
      try {
        accept(await read());
      } catch (error) {
        reject(error, error instanceof CredentialError ? error.message : '');
      }
      if (good === undefined && fault !== undefined) throw fault;
      return good as T;
    },
    current: () => good,
    rejected: () => fault?.message,
  };
}

/** A digest instead of the content, so that no second copy of a private key lives in memory. */
function fingerprintOf(keys: Keys): string {
  const hash = createHash('sha256');
  for (const [key, value] of keys) hash.update(`${key.length}:${key}:${value.length}:`).update(value);
  return hash.digest('base64');
}
