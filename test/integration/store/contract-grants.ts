import { describe, expect, test } from 'vitest';
import type { Grant } from '../../../functions/store/store.ts';
import type { OpenEmpty } from './contract.ts';
import { NOON } from './samples.ts';

/** The contract of grants and of sessions at Event Grid. */
export function describeGrantsAndSessions(open: OpenEmpty): void {
  describe('grants', () => describeGrants(open));
  describe('sessions', () => describeSessions(open));
}

function grant(id: string): Grant {
  return { id, principal: { kind: 'key', sha256: '0'.repeat(64) }, role: 'Bridge.Agent', createdAt: NOON };
}

function describeGrants(open: OpenEmpty): void {
  test('a grant is created once, read, listed by id and removed once', async () => {
    const { grants } = (await open()).stores;
    const entra: Grant = { ...grant('b'), principal: { kind: 'entra', objectId: 'o' }, connector: 'line-1' };
    expect(await grants.read('hall-1', 'a')).toBeUndefined();
    expect(await grants.create('hall-1', entra)).toBe(true);
    expect(await grants.create('hall-1', entra)).toBe(false);
    expect(await grants.create('hall-1', grant('a'))).toBe(true);
    expect(await grants.create('hall-1', { ...grant('a'), role: 'Bridge.Admin' })).toBe(false);
    expect(await grants.read('hall-1', 'b')).toEqual(entra);
    expect(await grants.list('hall-1')).toEqual([grant('a'), entra]);
    expect(await grants.list('hall-2')).toEqual([]);
    expect(await grants.remove('hall-1', 'a')).toBe(true);
    expect(await grants.remove('hall-1', 'a')).toBe(false);
    expect(await grants.list('hall-1')).toEqual([entra]);
  });

  test('of twenty grants of one id exactly one is created', async () => {
    const { grants } = (await open()).stores;
    const created = await Promise.all(Array.from({ length: 20 }, () => grants.create('hall-1', grant('a'))));
    expect(created.filter(Boolean)).toHaveLength(1);
  });

  test('a removed site has no grants, another one keeps its own', async () => {
    const { grants } = (await open()).stores;
    for (const site of ['hall-1', 'hall-2']) await grants.create(site, grant('a'));
    await grants.removeSite('hall-1');
    expect(await grants.list('hall-1')).toEqual([]);
    expect(await grants.list('hall-2')).toEqual([grant('a')]);
  });
}

function describeSessions(open: OpenEmpty): void {
  test('what is known of a session is written over what was read, and over nothing else', async () => {
    const { sessions } = (await open()).stores;
    const client = 'Ünit #1/\\?\u0001 😀';
    expect(await sessions.read('ns', client)).toBeUndefined();
    expect(await sessions.write('ns', client, { n: 1 }, 'forged')).toBe(false);
    expect(await sessions.write('ns', client, { n: 1 }, undefined)).toBe(true);
    expect(await sessions.write('ns', client, { n: 2 }, undefined)).toBe(false);
    const first = await sessions.read('ns', client);
    expect(first?.state).toEqual({ n: 1 });
    expect(await sessions.write('ns', client, { n: 3 }, first?.tag)).toBe(true);
    expect(await sessions.write('ns', client, { n: 4 }, first?.tag)).toBe(false);
    expect((await sessions.read('ns', client))?.state).toEqual({ n: 3 });
    expect(await sessions.read('ns', client.toLowerCase())).toBeUndefined();
    expect(await sessions.read('other', client)).toBeUndefined();
  });
}
