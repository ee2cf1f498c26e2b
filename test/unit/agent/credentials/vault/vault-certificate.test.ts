import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../../../support/certificates.ts';
import { advanceBy, settle } from '../fake-identity.ts';
import { createFakeVault } from './fake-vault.ts';

const authority = await createAuthority();
const [first, second, short] = [
  await authority.issue(),
  await authority.issue(),
  await authority.issue({ days: 1 / 24 }),
];
const MINUTE = 60_000;

/** As the library throws it. */
function throttled(seconds: string): Error {
  const headers = { get: (name: string) => (name === 'retry-after' ? seconds : undefined) };
  return Object.assign(new Error('refused'), { statusCode: 429, response: { headers } });
}

describe('a certificate from a vault', () => {
  test('is asked for once by sessions that connect at the same time', async () => {
    const { certificate, fake, calls, opened } = createFakeVault();
    fake.put('v1', first);
    const [one, other] = await Promise.all([certificate.load(), certificate.load()]);
    expect(one).toBe(other);
    expect(one.cert).toBe(first.chain);
    expect(calls).toEqual(['newest edge', 'secret edge v1']);
    expect(opened).toEqual([
      { url: 'https://plant.vault.azure.net', directoryId: 'tenant', clientId: 'id', clientSecret: 'one' },
    ]);
    certificate.close();
  });

  test('is looked at in between, and its key fetched for a new version only', async () => {
    const { certificate, fake, calls, clock, opened } = createFakeVault();
    fake.put('v1', first);
    await certificate.load();
    await advanceBy(clock, 31 * MINUTE);
    expect(calls.slice(2)).toEqual(['newest edge', 'newest edge']);
    fake.put('v2', second);
    await advanceBy(clock, 15 * MINUTE);
    expect(calls.slice(4)).toEqual(['newest edge', 'secret edge v2']);
    expect(certificate.current()?.cert).toBe(second.chain);
    expect(opened).toHaveLength(1);
    certificate.close();
    await advanceBy(clock, 60 * MINUTE);
    expect(calls).toHaveLength(6);
  });

  test('is looked at before a connection, which waits for that no longer than 2 s', async () => {
    const { certificate, fake, calls, clock } = createFakeVault();
    fake.put('v1', first);
    await certificate.load();
    await certificate.load();
    expect(calls).toHaveLength(2);
    clock.advance(MINUTE);
    fake.put('v2', second);
    expect((await certificate.load()).cert).toBe(second.chain);

    clock.advance(MINUTE);
    fake.answer = () => new Promise(() => undefined);
    const loaded = certificate.load();
    await settle();
    clock.advance(2_000);
    expect((await loaded).cert).toBe(second.chain);
    await advanceBy(clock, 10_000);
    expect(certificate.rejected()).toContain('no answer in time');
    certificate.close();
  });

  test('goes on when the vault is away, which is said once, until it is back', async () => {
    const { certificate, fake, clock, rejections } = createFakeVault();
    fake.put('v1', first);
    await certificate.load();
    fake.answer = () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
    await advanceBy(clock, 2 * 60 * MINUTE);
    expect((await certificate.load()).cert).toBe(first.chain);
    expect(rejections.map(({ reason }) => reason)).toEqual(['VaultUnreachable']);
    fake.answer = undefined;
    fake.put('v2', second);
    await advanceBy(clock, 16 * MINUTE);
    expect(certificate.rejected()).toBeUndefined();
    expect((await certificate.load()).cert).toBe(second.chain);
    certificate.close();
  });

  test('is replaced before it ends, however late its successor comes', async () => {
    const { certificate, fake, clock } = createFakeVault();
    fake.put('v1', short);
    await certificate.load();
    await advanceBy(clock, 59 * MINUTE);
    fake.put('v2', first);
    await advanceBy(clock, MINUTE - 5_000);
    expect(certificate.current()?.cert).toBe(first.chain);
    certificate.close();
  });

  test('that has ended without a successor is used no more, and the reason is why there is none', async () => {
    const { certificate, fake, clock, rejections } = createFakeVault();
    fake.put('v1', short);
    await certificate.load();
    await advanceBy(clock, 61 * MINUTE);
    await expect(certificate.load()).rejects.toMatchObject({ reason: 'CertificateExpired' });
    expect(rejections.map(({ reason }) => reason)).toEqual(['CertificateExpired']);
    fake.put('v2', first);
    await advanceBy(clock, 20_000);
    expect((await certificate.load()).cert).toBe(first.chain);
    certificate.close();
  });

  test('is asked for by a new reader once the Secret holds another service principal', async () => {
    const { certificate, fake, clock, opened, secret } = createFakeVault();
    fake.put('v1', first);
    await certificate.load();
    secret.set('clientsecret', Buffer.from('two\n'));
    await advanceBy(clock, 17 * MINUTE);
    expect(opened.map(({ clientSecret }) => clientSecret)).toEqual(['one', 'two']);
    certificate.close();
  });

  test('of named versions is not looked at again', async () => {
    const { certificate, fake, calls, clock } = createFakeVault({ vaultCert: { name: 'edge', version: 'v1' } });
    fake.put('v1', first);
    await certificate.load();
    await advanceBy(clock, 60 * MINUTE);
    await certificate.load();
    expect(calls).toEqual(['secret edge v1']);
  });
});

describe('a vault that gave no certificate yet', () => {
  test('is left alone for as long as it says', async () => {
    const { certificate, fake, calls, clock } = createFakeVault();
    fake.answer = () => Promise.reject(throttled('30'));
    await expect(certificate.load()).rejects.toMatchObject({ reason: 'VaultThrottled' });
    clock.advance(29_000);
    await expect(certificate.load()).rejects.toMatchObject({ reason: 'VaultThrottled' });
    expect(calls).toHaveLength(1);
    clock.advance(1_000);
    fake.answer = undefined;
    fake.put('v1', first);
    expect((await certificate.load()).cert).toBe(first.chain);
    certificate.close();
  });

  test('is not asked by every session of a connector', async () => {
    const { certificate, fake, calls, clock } = createFakeVault();
    fake.answer = () => Promise.reject(new Error('rubbish'));
    for (let session = 0; session < 5; session++) {
      await expect(certificate.load()).rejects.toMatchObject({ reason: 'VaultFailed' });
    }
    expect(calls).toHaveLength(1);
    clock.advance(1_000);
    await expect(certificate.load()).rejects.toMatchObject({ reason: 'VaultFailed' });
    expect(calls).toHaveLength(2);
  });

  test.for([
    ['SecretKeyMissing', 'clientid', undefined],
    ['SecretKeyMissing', 'clientsecret', undefined],
    ['SecretInvalid', 'clientsecret', ''],
    ['SecretInvalid', 'clientid', 'two words'],
    ['SecretInvalid', 'clientsecret', 'x'.repeat(1_025)],
  ] as const)('is not asked with a Secret that is no service principal: %s for %s', async ([reason, key, value]) => {
    const { certificate, calls, secret } = createFakeVault();
    if (value === undefined) secret.delete(key);
    else secret.set(key, Buffer.from(value));
    await expect(certificate.load()).rejects.toMatchObject({ reason, message: expect.stringContaining('kubectl') });
    expect(calls).toEqual([]);
  });
});
