import { expect, test } from 'vitest';
import type { Caller } from '../../../../functions/auth/caller.ts';
import { permits } from '../../../../functions/auth/permits.ts';
import type { Role } from '../../../../functions/auth/caller.ts';

const ROLES: readonly Role[] = ['Bridge.Read', 'Bridge.Write', 'Bridge.Agent', 'Bridge.Admin'];
const HERE = { site: 'here', connector: 'a' };

const caller = (roles: readonly Role[], rest: Partial<Caller> = {}): Caller => ({
  id: 'key:test',
  roles: new Set(roles),
  ...rest,
});

test.for([
  ['Bridge.Read', ['Bridge.Read']],
  ['Bridge.Write', ['Bridge.Read', 'Bridge.Write']],
  ['Bridge.Agent', ['Bridge.Agent']],
  ['Bridge.Admin', ['Bridge.Read', 'Bridge.Write', 'Bridge.Admin']],
] as [Role, Role[]][])('%s may do what needs %s, and no more', ([role, covered]) => {
  expect(ROLES.filter((needed) => permits(caller([role]), needed, HERE))).toEqual(covered);
});

test('what is public is permitted to everybody', () => {
  expect(permits(caller([]), 'public', {})).toBe(true);
  expect(permits(caller([]), 'liveness', {})).toBe(true);
});

test('without a role nothing is permitted', () => {
  expect(ROLES.filter((needed) => permits(caller([]), needed, HERE))).toEqual([]);
});

test('a caller of one site may do nothing at another, nor what concerns no site', () => {
  const confined = caller(['Bridge.Admin'], { site: 'here' });
  expect(permits(confined, 'Bridge.Read', { site: 'here' })).toBe(true);
  expect(permits(confined, 'Bridge.Read', { site: 'there' })).toBe(false);
  expect(permits(confined, 'Bridge.Read', {})).toBe(false);
});

test('an agent of one connector may not act for another', () => {
  const agent = caller(['Bridge.Agent'], { site: 'here', connector: 'a' });
  expect(permits(agent, 'Bridge.Agent', HERE)).toBe(true);
  expect(permits(agent, 'Bridge.Agent', { site: 'here', connector: 'b' })).toBe(false);
  expect(permits(agent, 'Bridge.Agent', { site: 'there', connector: 'a' })).toBe(false);
});

test('an agent of a whole site may act for each of its connectors', () => {
  const agent = caller(['Bridge.Agent'], { site: 'here' });
  expect(permits(agent, 'Bridge.Agent', { site: 'here', connector: 'b' })).toBe(true);
});

test('a grant adds its role at its site to what holds everywhere', () => {
  const both = caller(['Bridge.Read'], { grants: [{ role: 'Bridge.Write', site: 'here' }] });
  expect(permits(both, 'Bridge.Read', { site: 'there' })).toBe(true);
  expect(permits(both, 'Bridge.Write', { site: 'there' })).toBe(false);
  expect(permits(both, 'Bridge.Write', { site: 'here' })).toBe(true);
});

test('two grants of connectors do not add up to the site', () => {
  const grants = ['a', 'b'].map((connector) => ({ role: 'Bridge.Agent' as const, site: 'here', connector }));
  const agent = caller([], { grants });
  const permitted = ['a', 'b', 'c'].filter((connector) => permits(agent, 'Bridge.Agent', { site: 'here', connector }));
  expect(permitted).toEqual(['a', 'b']);
});
