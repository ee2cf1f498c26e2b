import { expect, test } from 'vitest';
import { ApiError, type KubernetesClient } from '../../../../kubernetes/client.ts';
import type { Need } from '../../../../operator/status/needs.ts';
import { createNeededObjects } from '../../../../operator/watch/needed-objects.ts';
import { loggerInto, type OperatorLine } from '../../../support/kubernetes/operator.ts';
import type { Scope } from '../../../support/scope.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const secret = (name: string): Need => ({ kind: 'Secret', name, keys: [] });

/** A cluster without a single Secret, where only watches and lists of permitted names are taken. */
function stage(scope: Scope, permitted: { readonly list?: string[]; readonly watch?: string[] } = {}) {
  const may = { list: new Set(permitted.list), watch: new Set(permitted.watch) };
  const [asked, changed, lines] = [[] as string[], [] as string[], [] as OperatorLine[]];
  function demand(verb: 'list' | 'watch', name: string): void {
    asked.push(name);
    const message = `secrets "${name}" is forbidden: User "system:serviceaccount:plant:operator" cannot ${verb}`;
    if (!may[verb].has(name)) throw new ApiError(403, 'Forbidden', message);
  }
  const nameIn = (selector: string | undefined) => selector?.slice('metadata.name='.length) ?? '';
  const client = {
    async list(_kind, { fieldSelector }) {
      demand('list', nameIn(fieldSelector));
      return { items: [], resourceVersion: '1' };
    },
    async *watch(_kind, { fieldSelector }, signal) {
      demand('watch', nameIn(fieldSelector));
      yield { kind: 'opened' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  } satisfies Pick<KubernetesClient, 'list' | 'watch'> as unknown as KubernetesClient;
  const virtual = createVirtualClock();
  const needs = createNeededObjects({
    client,
    clock: {
      now: () => virtual.now(),
      after: (ms, action) => virtual.callAt(virtual.now() + ms, action),
      wall: () => virtual.now(),
    },
    random: () => 0.5,
    logger: loggerInto(lines),
    changed: (key) => void changed.push(key),
  });
  scope.onTestFinished(() => needs.stop());
  return {
    needs,
    asked,
    changed,
    lines,
    virtual,
    permit: (...names: string[]) => names.forEach((name) => (may.list.add(name), may.watch.add(name))),
    advance: (ms: number) => virtual.advance(ms, turn),
  };
}

const command = (...names: string[]) =>
  `kubectl create role mqttbridge-operator-secrets -n plant --verb=get,list,watch --resource=secrets ${names.map((name) => `--resource-name=${name}`).join(' ')} --dry-run=client -o yaml | kubectl apply -f - && ` +
  'kubectl create rolebinding mqttbridge-operator-secrets -n plant --role=mqttbridge-operator-secrets --serviceaccount=plant:operator --dry-run=client -o yaml | kubectl apply -f -';

test('needed objects - say in one line which commands permit all that came together, and again for a new one', async (t) => {
  const { needs, lines, advance, permit } = stage(t);
  permit('read');
  await needs.want('plant/a', [secret('b'), secret('read')]);
  await needs.want('plant/b', [secret('a')]);
  await advance(1000);
  expect(lines).toMatchObject([{ evt: 'NeedForbidden', names: ['a', 'b'], fix: command('a', 'b', 'read') }]);
  await needs.want('plant/c', [secret('c')]);
  await needs.want('plant/d', [secret('a')]);
  await advance(3_600_000);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatchObject({ names: ['a', 'b', 'c'], fix: command('a', 'b', 'c', 'read') });
});

test('needed objects - of what may not be read one is asked for in 30 to 60 s, each in its turn', async (t) => {
  const { needs, asked, advance } = stage(t);
  await needs.want('plant/a', [secret('a'), secret('b'), secret('c')]);
  asked.length = 0;
  await advance(4 * 45_000);
  expect(asked).toEqual(['a', 'b', 'c', 'a']);
});

test('needed objects - all others of the namespace are asked for when one is granted', async (t) => {
  const { needs, asked, changed, advance, permit } = stage(t);
  await needs.want('plant/a', [secret('a'), secret('b'), secret('c')]);
  await needs.want('plant/b', [secret('c')]);
  await advance(1000);
  permit('a', 'b', 'c');
  expect(needs.presenceOf('plant', secret('c'))).toEqual({ kind: 'unknown' });
  await advance(45_000);
  expect(needs.forbidden()).toBe(0);
  expect(needs.presenceOf('plant', secret('c'))).toEqual({ kind: 'missing' });
  expect(changed).toEqual(['plant/a', 'plant/a', 'plant/a', 'plant/b']);
  asked.length = 0;
  await advance(600_000);
  expect(asked).toEqual([]);
});

test('needed objects - a right to list alone permits nothing', async (t) => {
  const { needs, changed, advance } = stage(t, { list: ['a', 'b'] });
  await needs.want('plant/a', [secret('a'), secret('b')]);
  await advance(300_000);
  expect(needs.forbidden()).toBe(2);
  expect(needs.presenceOf('plant', secret('a'))).toEqual({ kind: 'unknown' });
  expect(changed).toEqual([]);
});

test('needed objects - a connector that changes has its Secret asked for at once, but not over and over', async (t) => {
  const { needs, asked, advance, permit } = stage(t);
  await needs.want('plant/a', [secret('a')]);
  await advance(10_000);
  asked.length = 0;
  for (let round = 0; round < 3; round++) {
    await needs.want('plant/a', [secret('a')]);
    await advance(1);
  }
  expect(asked).toEqual(['a']);
  permit('a');
  await advance(10_000);
  await needs.want('plant/a', [secret('a')]);
  await advance(1);
  expect(needs.forbidden()).toBe(0);
});

test('needed objects - what nobody names any more is neither asked for nor told', async (t) => {
  const { needs, asked, lines, virtual, advance } = stage(t);
  await needs.want('plant/a', [secret('a'), secret('b')]);
  await needs.want('plant/a', []);
  asked.length = 0;
  await advance(300_000);
  expect([asked, lines, virtual.armed]).toEqual([[], [], 0]);
});
