import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { CredentialError } from '../../../../agent/session/credentials/credential-error.ts';
import { createIdentityToken } from '../../../../agent/session/credentials/identity-token.ts';
import type { EnhancedLogOn } from '../../../../agent/session/credentials/renewals.ts';
import { advanceBy, createFakeIdentity, settle } from './fake-identity.ts';

const AUDIENCE = 'https://eventgrid.azure.net';

function setUp(lifetimeSeconds?: number, random = 0) {
  const fake = createFakeIdentity(lifetimeSeconds);
  const failures: CredentialError[] = [];
  const token = createIdentityToken({
    identity: { audience: AUDIENCE, federated: false },
    open: fake.open,
    clock: fake.clock,
    random: () => random,
    onRenewalFailed: (error) => void failures.push(error),
  });
  const load = async (): Promise<EnhancedLogOn> => {
    const { enhanced } = await token.load();
    if (enhanced === undefined) throw new Error('no token');
    return enhanced;
  };
  const text = (given: EnhancedLogOn) => given.data.toString();
  const follow = (used: EnhancedLogOn) => {
    const seen: string[] = [];
    return { seen, stop: token.follow(used, (next) => void seen.push(text(next))) };
  };
  const advance = (ms: number) => advanceBy(fake.clock, ms);
  return { fake, token, failures, load, text, follow, advance };
}

describe('the token of a managed identity', () => {
  test('is asked for once by sessions that connect at the same time, and tells when it ends', async () => {
    const { fake, token, load } = setUp();
    expect(token.token()).toBeUndefined();
    const [first, second] = await Promise.all([load(), load()]);
    expect(first).toBe(second);
    expect({ ...first }).toEqual({ method: 'OAUTH2-JWT', data: Buffer.from('token-1') });
    expect(fake.calls()).toBe(1);
    expect(token.token()).toEqual({ method: 'OAUTH2-JWT', expiresAt: 600 });
  });

  test('is renewed in time while somebody follows, and not after', async () => {
    const { fake, load, follow, advance } = setUp();
    const { seen, stop } = follow(await load());
    await advance(20 * 60_000);
    expect(seen).toEqual(['token-2', 'token-3', 'token-4', 'token-5']);
    stop();
    const calls = fake.calls();
    await advance(20 * 60_000);
    expect(fake.calls()).toBe(calls);
  });

  test('reaches those who connected with an older one at once, and by another session too', async () => {
    const { load, follow, advance } = setUp();
    const old = await load();
    await advance(400_000);
    const next = await load();
    expect(next).not.toBe(old);
    expect(follow(old).seen).toEqual(['token-2']);
    const { seen } = follow(next);
    await advance(400_000);
    await load();
    expect(seen).toEqual(['token-3']);
  });

  test('is fetched by two calls where the library refreshes behind the first', async () => {
    const { fake, load, follow, advance } = setUp();
    const hours = (count: number) => count * 3_600_000;
    const tokenOf = (token: string, obtainedAt: number) => ({
      token,
      expiresOnTimestamp: obtainedAt + hours(24),
      refreshAfterTimestamp: obtainedAt + hours(12),
    });
    const answers = [tokenOf('old', 0), tokenOf('old', 0), tokenOf('new', hours(12))];
    fake.answer = async () => answers.shift() ?? null;
    const { seen } = follow(await load());
    await advance(13 * 3_600_000);
    expect(seen).toEqual(['new']);
    expect(fake.calls()).toBe(3);
  });

  test('stays in use when the next one cannot be had, and requests pause ever longer', async () => {
    const { fake, token, failures, load, follow, advance } = setUp();
    const { seen } = follow(await load());
    fake.answer = () => Promise.reject(new Error('connect ECONNREFUSED 169.254.169.254:80'));
    await advance(540_000);
    expect(failures.length).toBeGreaterThan(5);
    expect(failures.length).toBeLessThan(20);
    expect(failures[0]).toMatchObject({ name: 'CredentialError', reason: 'IdentityUnreachable' });
    expect(token.token()?.rejected).toContain('ECONNREFUSED');
    expect((await load()).data.toString()).toBe('token-1');
    // Each failure lets go of the source that saw it.
    expect(fake.opened()).toBeGreaterThanOrEqual(failures.length);
    fake.answer = undefined;
    await advance(60_000);
    expect(seen).toEqual(['token-2']);
    expect(token.token()).not.toHaveProperty('rejected');
  });

  test.for([
    ['TokenTimeout', () => new Promise<never>(() => undefined)],
    ['TokenFailed', () => Promise.resolve(null)],
    ['TokenFailed', () => Promise.reject(new Error('status code 500'))],
    ['TokenAudienceRefused', () => Promise.reject(new Error('invalid_resource AADSTS500011: not found'))],
    ['TokenTooLong', () => Promise.resolve({ token: 'x'.repeat(8_193), expiresOnTimestamp: 600_000 })],
    ['TokenExpired', () => Promise.resolve({ token: 'x', expiresOnTimestamp: 0 })],
  ] as const)('is refused with %s, and the next attempt opens a new source', async ([reason, answer]) => {
    const { fake, load, advance } = setUp();
    fake.answer = answer;
    const refused = expect(load()).rejects.toMatchObject({ name: 'CredentialError', reason });
    await settle();
    await advance(10_000);
    await refused;
    fake.answer = undefined;
    expect((await load()).data.toString()).toBe('token-1');
    expect(fake.opened()).toBe(2);
  });

  test('is not used after its end', async () => {
    const { fake, load, advance } = setUp();
    await load();
    fake.answer = () => Promise.reject(new Error('status code 500'));
    await advance(600_000);
    await expect(load()).rejects.toMatchObject({ reason: 'TokenFailed' });
  });

  test('shows neither in what is printed nor in errors', async () => {
    const { fake, token, load } = setUp();
    const given = await load();
    for (const shown of [given, token, { given }]) {
      expect(inspect(shown, { depth: 20, showHidden: true }) + JSON.stringify(shown)).not.toContain('token-1');
    }
    fake.clock.advance(600_000);
    fake.answer = () => Promise.reject(new Error('cannot parse {"access_token":"c4n4ry"} status code 502'));
    const error = await load().catch((thrown: unknown) => thrown);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('c4n4ry');
    expect(inspect(error)).toContain('HTTP 502');
  });
});
