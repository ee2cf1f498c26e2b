import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  formatSiteKey,
  hashSecret,
  newSecret,
  parseSiteKey,
  secretMatcher,
} from '../../../../functions/auth/api-key.ts';
import { keyGrant, setUpAuthorizer, siteSecret } from '../../../support/authorizer.ts';

const comparisons: number[][] = [];
const { timingSafeEqual } = crypto;

// Not a mock of the module: other files of this worker may have loaded what imports it.
function replaceComparison(replacement: typeof timingSafeEqual): void {
  crypto.timingSafeEqual = replacement;
  syncBuiltinESMExports();
}

beforeAll(() => {
  replaceComparison((one, other) => {
    comparisons.push([one.byteLength, other.byteLength]);
    return timingSafeEqual(one, other);
  });
});

afterAll(() => {
  replaceComparison(timingSafeEqual);
});

beforeEach(() => {
  comparisons.length = 0;
});

const label = fc.stringMatching(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/);

test('a key is taken apart as it was put together', () => {
  fc.assert(
    fc.property(label, label, (site, id) => {
      const secret = newSecret();
      expect(parseSiteKey(formatSiteKey({ site, id, secret }))).toEqual({ site, id, secret });
    }),
  );
});

test('any other text is no key', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', 'mqb_', 'mqb_a_b_'), (text, prefix) => {
      fc.pre(text.length !== 43);
      expect(parseSiteKey(prefix + text)).toBeUndefined();
    }),
  );
});

test('a secret matches its own hash alone', () => {
  const secret = newSecret();
  const matches = secretMatcher(secret);
  const hashes = [hashSecret(secret), hashSecret(`${secret}x`), secret, '', '0'.repeat(64), undefined];
  expect(hashes.map((hash) => matches(hash))).toEqual([true, false, false, false, false, false]);
});

test('every credential costs the same comparisons in constant time, whether there is anything to compare with or not', async (t) => {
  const { bearer } = await setUpAuthorizer(t, { grants: { here: [keyGrant('a'), keyGrant('b')] } });
  const keys = [
    formatSiteKey({ site: 'here', id: 'a', secret: siteSecret }),
    formatSiteKey({ site: 'here', id: 'a', secret: newSecret() }),
    formatSiteKey({ site: 'here', id: 'nobody', secret: siteSecret }),
    formatSiteKey({ site: 'nowhere', id: 'a', secret: siteSecret }),
  ];
  const made: unknown[] = [];
  for (const key of keys) {
    comparisons.length = 0;
    await bearer(key);
    made.push([...comparisons]);
  }
  // One with the key of the administrator, one with the key of the site.
  const both = [
    [32, 32],
    [32, 32],
  ];
  expect(made).toEqual([both, both, both, both]);
});
