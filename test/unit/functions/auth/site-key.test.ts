import { describe, expect, test } from 'vitest';
import { formatSiteKey, hashSecret, newSecret } from '../../../../functions/auth/api-key.ts';
import { entraGrant, keyGrant, setUpAuthorizer, siteSecret } from '../../../support/authorizer.ts';

const MINUTE = 60_000;

describe('a key of a site', () => {
  const grants = { here: [keyGrant('a', { connector: 'edge' }), keyGrant('r', { role: 'Bridge.Read' })] };
  const keyOf = (site: string, id: string, secret = siteSecret) => formatSiteKey({ site, id, secret });

  test('confines its bearer to the site and connector of the grant, whatever the request is about', async (t) => {
    const { bearer } = await setUpAuthorizer(t, { grants });
    const caller = { id: 'key:here/a', roles: new Set(['Bridge.Agent']), site: 'here', connector: 'edge' };
    expect(await bearer(keyOf('here', 'a'), 'there')).toEqual({ kind: 'caller', caller });
    expect(await bearer(keyOf('here', 'r'))).toEqual({
      kind: 'caller',
      caller: { id: 'key:here/r', roles: new Set(['Bridge.Read']), site: 'here' },
    });
  });

  test('is refused in the same words whether site, id or secret is wrong', async (t) => {
    const { bearer } = await setUpAuthorizer(t, { grants: { here: [...grants.here, entraGrant()] } });
    const wrong = [
      keyOf('there', 'a'),
      keyOf('here', 'b'),
      keyOf('here', 'a', newSecret()),
      keyOf('here', 'by-entra'),
      `${keyOf('here', 'a')}a`,
      `mqb_${siteSecret}`,
    ];
    const answers = await Promise.all(wrong.map((key) => bearer(key)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['{"kind":"unauthenticated","why":"The key is not known."}']),
    );
  });

  test('costs one operation of the store in five minutes, for all callers of the site', async (t) => {
    const { bearer, clock, store } = await setUpAuthorizer(t, { grants });
    for (let nth = 0; nth < 10; nth++) {
      await Promise.all([bearer(keyOf('here', 'a')), bearer(keyOf('here', 'r'))]);
      clock.ms += MINUTE / 2 - 1;
    }
    expect(store.operations()).toBe(1);
    clock.ms += MINUTE / 2;
    await bearer(keyOf('here', 'a'));
    expect(store.operations()).toBe(2);
  });

  test('works no longer than five minutes after another process removed its grant', async (t) => {
    const { bearer, clock, store } = await setUpAuthorizer(t, { grants });
    await bearer(keyOf('here', 'a'));
    await store.remove('here', 'a');
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'caller' });
    clock.ms += 5 * MINUTE;
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'unauthenticated' });
  });

  test('works no longer at all when this process removed its grant', async (t) => {
    const { bearer, watched } = await setUpAuthorizer(t, { grants });
    await bearer(keyOf('here', 'a'));
    await watched.remove('here', 'a');
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'unauthenticated' });
  });

  test('works 5 seconds after another process made it, with the id of an old one too', async (t) => {
    const { bearer, clock, store } = await setUpAuthorizer(t, { grants });
    const secret = newSecret();
    expect(await bearer(keyOf('here', 'a', secret))).toMatchObject({ kind: 'unauthenticated' });
    await store.remove('here', 'a');
    await store.create('here', keyGrant('a', { principal: { kind: 'key', sha256: hashSecret(secret) } }));
    clock.ms += 5000;
    expect(await bearer(keyOf('here', 'a', secret))).toMatchObject({ kind: 'caller' });
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'unauthenticated' });
  });

  test('is not judged while the store is away, unless it is known', async (t) => {
    const { bearer, store } = await setUpAuthorizer(t, { grants: { ...grants, there: [keyGrant('t')] } });
    await bearer(keyOf('here', 'a'));
    store.setBroken(true);
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'caller' });
    expect(await bearer(keyOf('there', 't'))).toEqual({ kind: 'unavailable', retryAfterSeconds: 5 });
    store.setBroken(false);
    expect(await bearer(keyOf('there', 't'))).toMatchObject({ kind: 'caller' });
  });

  test('of thousands of sites that do not exist costs the store a bounded number of operations', async (t) => {
    const { bearer, store } = await setUpAuthorizer(t, { grants });
    await bearer(keyOf('here', 'a'));
    for (let nth = 0; nth < 6000; nth++) await bearer(keyOf(`nowhere-${nth}`, 'a'));
    expect(store.operations()).toBe(5000);
    expect(await bearer(keyOf('nowhere-6000', 'a'))).toEqual({ kind: 'unavailable', retryAfterSeconds: 1 });
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'caller' });
  });

  test('is not pushed out by sites that do not exist, and is read again while they use up their reads', async (t) => {
    const { bearer, clock, store } = await setUpAuthorizer(t, { grants });
    await bearer(keyOf('here', 'a'));
    const flood = async (from: number) => {
      for (let nth = from; nth < from + 5100; nth++) await bearer(keyOf(`nowhere-${nth}`, 'a'));
      clock.ms += 10_000;
    };
    for (let round = 0; round < 3; round++) await flood(round * 5100);
    const before = store.operations();
    await bearer(keyOf('here', 'a'));
    expect(store.operations()).toBe(before);
    clock.ms += 5 * MINUTE;
    for (let nth = 0; nth < 5100; nth++) await bearer(keyOf(`other-${nth}`, 'a'));
    expect(await bearer(keyOf('other-9999', 'a'))).toMatchObject({ kind: 'unavailable' });
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'caller' });
    await store.remove('here', 'a');
    clock.ms += 5 * MINUTE;
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'unauthenticated' });
  });

  test('of a known site is judged again as soon as the store is back', async (t) => {
    const { bearer, clock, store } = await setUpAuthorizer(t, { grants });
    await bearer(keyOf('here', 'a'));
    clock.ms += 5 * MINUTE;
    store.setBroken(true);
    expect(await bearer(keyOf('here', 'a'))).toEqual({ kind: 'unavailable', retryAfterSeconds: 5 });
    store.setBroken(false);
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'caller' });
  });

  test('works no longer when its grant is removed while the grants are being read', async (t) => {
    const { bearer, watched } = await setUpAuthorizer(t, { grants });
    const [first] = await Promise.all([bearer(keyOf('here', 'a')), watched.remove('here', 'a')]);
    expect(['caller', 'unauthenticated']).toContain(first?.kind);
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'unauthenticated' });
  });
});
