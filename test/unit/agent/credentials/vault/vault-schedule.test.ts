import { expect, test } from 'vitest';
import { DEFAULT_VAULT_PACE, nextLookAt } from '../../../../../agent/session/credentials/vault/vault-schedule.ts';

const MINUTE = 60_000;
const NOW = 1_000_000_000_000;
const far = NOW + 365 * 24 * 60 * MINUTE;
const base = { now: NOW, endsAt: far, failed: 0, notBefore: 0, random: 0.5 };

test.for([
  ['every 15 minutes', {}, 15 * MINUTE],
  ['a tenth sooner at most', { random: 0 }, 13.5 * MINUTE],
  ['a tenth later at most', { random: 1 }, 16.5 * MINUTE],
  ['after half of what is left of the certificate', { endsAt: NOW + 20 * MINUTE }, 10 * MINUTE],
  ['not sooner than after 10 s, however little is left', { endsAt: NOW + 5_000 }, 10_000],
  ['10 s after a look at an ended one', { endsAt: NOW - MINUTE }, 10_000],
  ['within half a minute after a failure', { failed: 1, random: 1 }, 30_000],
  ['half of that at least', { failed: 1, random: 0 }, 15_000],
  ['later after each failure', { failed: 3, random: 1 }, 2 * MINUTE],
  ['15 minutes after many', { failed: 40, random: 1 }, 15 * MINUTE],
  ['not before the vault wants it', { failed: 1, notBefore: NOW + 5 * MINUTE }, 5 * MINUTE],
] as const)('the next look comes %s', ([, change, delay]) => {
  expect(nextLookAt({ ...base, ...change }, DEFAULT_VAULT_PACE)).toBe(NOW + delay);
});
