import { createHash, timingSafeEqual } from 'node:crypto';
import type { AuthLevel } from '../app/functions.ts';
import type { HostSecrets } from '../secrets.ts';

/** Which of the host's keys opens a door; the master key opens all. */
type Door = Exclude<keyof HostSecrets, 'master'>;

/** Whether a key that a request carries opens a door. */
export interface KeyRing {
  opens(door: Door | 'master', key: string | undefined): boolean;
  /** Whether a function of this level may be called with this key. */
  allows(level: AuthLevel, key: string | undefined): boolean;
}

/** Makes the ring; comparing takes the same time whatever is wrong with a key. */
export function createKeyRing(secrets: HostSecrets): KeyRing {
  const digests = new Map(Object.entries(secrets).map(([name, secret]) => [name, digestOf(secret as string)]));
  const isKey = (name: string, digest: Buffer) => {
    const known = digests.get(name);
    return known !== undefined && timingSafeEqual(known, digest);
  };
  function opens(door: Door | 'master', key: string | undefined): boolean {
    if (key === undefined) return false;
    const digest = digestOf(key);
    const [asMaster, asItself] = [isKey('master', digest), isKey(door, digest)];
    return asMaster || asItself;
  }
  return {
    opens,
    allows: (level, key) => level === 'anonymous' || opens(level === 'admin' ? 'master' : 'functions', key),
  };
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
