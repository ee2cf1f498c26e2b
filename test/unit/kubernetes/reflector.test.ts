import { describe, expect, test } from 'vitest';
import { ApiError, type KubernetesClient, type ObjectList, type WatchEvent } from '../../../kubernetes/client.ts';
import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';
import { CONNECTORS, type StoredObject, type ObjectChange } from '../../../kubernetes/object.ts';
import { createReflector, type ReflectorParts } from '../../../kubernetes/reflector.ts';
import { eventually } from '../../support/eventually.ts';
import type { Scope } from '../../support/scope.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

function object(name: string, version: string, uid = `uid-of-${name}`): StoredObject {
  const metadata = { name, namespace: 'plant', uid, resourceVersion: version, managedFields: [{ manager: 'm' }] };
  return { apiVersion: CONNECTORS.apiVersion, kind: CONNECTORS.kind, metadata };
}

const opened: WatchEvent = { kind: 'opened' };
const changed = (name: string, version: string): WatchEvent => ({ kind: 'changed', object: object(name, version) });
const removed = (name: string, version: string): WatchEvent => ({ kind: 'removed', object: object(name, version) });
const bookmark = (resourceVersion: string): WatchEvent => ({ kind: 'bookmark', resourceVersion });

/** What a server does, request by request: lists it answers, and events of watches with how each ends. */
interface Script {
  readonly lists: readonly (ObjectList | Error)[];
  readonly watches: readonly (readonly (WatchEvent | Error)[])[];
}

/** Plays the script, and then keeps silent. */
function scriptedClient({ lists, watches }: Script) {
  const asked: string[] = [];
  const left = { lists: [...lists], watches: [...watches] };
  const client: Pick<KubernetesClient, 'list' | 'watch'> = {
    async list() {
      asked.push('list');
      const next = left.lists.shift();
      if (next === undefined) return new Promise(() => undefined);
      if (next instanceof Error) throw next;
      return next;
    },
    async *watch(_kind, { resourceVersion }, signal) {
      asked.push(`watch ${resourceVersion}`);
      const events = left.watches.shift();
      for (const event of events ?? []) {
        if (event instanceof Error) throw event;
        yield event;
      }
      if (events === undefined) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
  return { client, asked };
}

function monotonic(clock: VirtualClock): MonotonicClock {
  return { now: () => clock.now(), after: (ms, action) => clock.callAt(clock.now() + ms, action) };
}

const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

function described({ before, now }: ObjectChange): string {
  const [was, is] = [before, now].map((each) => each?.metadata.resourceVersion ?? '-');
  return `${(now ?? before)?.metadata.name} ${was} ${is}`;
}

function run(scope: Scope, script: Script, more: Partial<ReflectorParts> = {}) {
  const { client, asked } = scriptedClient(script);
  const clock = createVirtualClock();
  const told: string[] = [];
  const parts = { client, kind: CONNECTORS, selection: { namespace: 'plant' }, random: () => 0, ...more };
  const reflector = createReflector({ clock: monotonic(clock), ...parts });
  const end = new AbortController();
  const running = reflector.run((change) => void told.push(described(change)), end.signal);
  scope.onTestFinished(async () => {
    end.abort();
    await running.catch(() => undefined);
  });
  return { reflector, asked, told, clock, running, end };
}

const empty: ObjectList = { items: [], resourceVersion: '1' };

describe('reflector', () => {
  test('tells the first list when all of it is known, and then what happens', async (t) => {
    const states: string[] = [];
    const first = { items: [object('a', '1'), object('b', '2')], resourceVersion: '5' };
    const { reflector, told, asked } = run(
      t,
      { lists: [first], watches: [[opened, changed('a', '6'), removed('b', '7'), bookmark('9')]] },
      { stateChanged: (state) => void states.push(`${state.kind} with ${reflector.objects.size}`) },
    );
    expect(reflector.state).toEqual({ kind: 'starting' });
    await reflector.synced;
    await eventually(() => told.length === 4);
    expect(told).toEqual(['a - 1', 'b - 2', 'a 1 6', 'b 2 -']);
    expect(states).toEqual(['synced with 2']);
    expect([...reflector.objects.keys()]).toEqual(['plant/a']);
    await eventually(() => asked.length === 3);
    expect(asked).toEqual(['list', 'watch 5', 'watch 9']);
  });

  test('keeps nothing of who owns which field', async (t) => {
    const { reflector } = run(t, { lists: [{ items: [object('a', '1')], resourceVersion: '1' }], watches: [] });
    await reflector.synced;
    expect(reflector.objects.get('plant/a')?.metadata).not.toHaveProperty('managedFields');
  });

  test('tells what a forgotten version hid: removals first, and an object of the same name as another one', async (t) => {
    const gone = new ApiError(410, 'Expired', 'too old');
    const first = { items: ['a', 'b', 'c', 'd'].map((name) => object(name, '1')), resourceVersion: '1' };
    const second = { items: [object('a', '1'), object('b', '2'), object('d', '3', 'another')], resourceVersion: '3' };
    const { told, asked, reflector } = run(t, { lists: [first, second], watches: [[opened, gone]] });
    await eventually(() => asked.length === 4);
    expect(told.slice(4)).toEqual(['c 1 -', 'b 1 2', 'd 1 -', 'd - 3']);
    expect(asked).toEqual(['list', 'watch 1', 'list', 'watch 3']);
    expect(reflector.state.kind).toBe('synced');
  });

  test('is apart from the first failure on, and keeps what it knows', async (t) => {
    const kinds: string[] = [];
    const cut = new Error('cut');
    const { reflector, clock, told, asked } = run(
      t,
      {
        lists: [{ ...empty, items: [object('a', '1')] }],
        watches: [[opened, cut], [cut], [cut], [opened, changed('b', '2')]],
      },
      { stateChanged: ({ kind }) => void kinds.push(kind) },
    );
    await eventually(() => reflector.state.kind === 'apart');
    const since = clock.now();
    expect(reflector.state).toEqual({ kind: 'apart', since, error: cut });
    await clock.runUntil(() => asked.length === 4, settled);
    expect(reflector.state).toMatchObject({ kind: 'apart', since });
    expect(reflector.objects.size).toBe(1);
    await clock.runUntil(() => told.length === 2, settled);
    expect(reflector.state).toEqual({ kind: 'synced' });
    expect(kinds).toEqual(['synced', 'apart', 'synced']);
  });

  test('says that it is forbidden, asks rarely, and takes the right up when it is given', async (t) => {
    const lines: unknown[] = [];
    const log = (fields: object) => void lines.push(fields);
    const forbidden = new ApiError(403, 'Forbidden', 'secrets "edge" is forbidden');
    const selection = { namespace: 'plant', fieldSelector: 'metadata.name=edge' };
    const { reflector, clock, asked } = run(
      t,
      { lists: [forbidden, forbidden, empty], watches: [] },
      { selection, logger: { warn: log, info: log } },
    );
    await eventually(() => reflector.state.kind === 'apart');
    expect(reflector.state).toMatchObject({ error: forbidden });
    await clock.advance(1_999, settled);
    expect(asked).toEqual(['list']);
    await clock.runUntil(() => asked.includes('watch 1'), settled);
    await reflector.synced;
    expect(clock.now()).toBe(createVirtualClock().now() + 4_000);
    const what = { kind: 'MqttBridgeConnector', ...selection };
    expect(lines).toEqual([
      { evt: 'KubernetesApart', ...what, reason: 'Forbidden', error: forbidden.message },
      { evt: 'KubernetesSynced', ...what },
    ]);
  });

  test('is apart while not even a list can be had, whatever the reason', async (t) => {
    const gone = new ApiError(410, 'Expired', 'too old');
    const { reflector, clock, asked } = run(t, { lists: [gone, gone, empty], watches: [] });
    await eventually(() => reflector.state.kind === 'apart');
    await clock.runUntil(() => asked.length === 4, settled);
    expect(asked).toEqual(['list', 'list', 'list', 'watch 1']);
    expect(reflector.state).toEqual({ kind: 'synced' });
  });

  test.for([
    ['lists anew after a watch that was mute for its whole time', [], 'list'],
    ['goes on without a list after a watch with a bookmark', [bookmark('3')], 'watch 3'],
  ] as const)('%s', async ([, events, next], t) => {
    const clock = createVirtualClock();
    const { client, asked } = scriptedClient({ lists: [empty, empty], watches: [[opened, ...events]] });
    const watch: KubernetesClient['watch'] = async function* (kind, selection, signal) {
      yield* client.watch(kind, selection, signal);
      if (signal.aborted) return;
      await new Promise<void>((resolve) => {
        clock.callAt(clock.now() + 300_000, resolve);
        signal.addEventListener('abort', () => resolve());
      });
    };
    run(t, { lists: [], watches: [] }, { client: { ...client, watch }, clock: monotonic(clock) });
    await clock.runUntil(() => asked.length >= 3, settled);
    expect(asked.slice(0, 3)).toEqual(['list', 'watch 1', next]);
  });

  test('begins anew with a list when the server refuses to go on from the version again and again', async (t) => {
    const tooLarge = new ApiError(504, 'Timeout', 'Too large resource version: 9, current: 2', 1);
    const { clock, asked } = run(t, {
      lists: [{ items: [], resourceVersion: '9' }, empty],
      watches: [[tooLarge], [tooLarge], [tooLarge]],
    });
    await clock.runUntil(() => asked.length === 6, settled);
    expect(asked).toEqual(['list', 'watch 9', 'watch 9', 'watch 9', 'list', 'watch 1']);
  });

  test('does not hurry a server that ends every watch at once', async (t) => {
    const { clock, asked } = run(t, { lists: [empty], watches: Array.from({ length: 50 }, () => [opened]) });
    await clock.advance(2_000, settled);
    expect(asked.length).toBeLessThanOrEqual(11);
    expect(asked.length).toBeGreaterThan(5);
  });

  test('ends with its signal, in a pause too, and leaves nothing armed', async (t) => {
    const { clock, asked, running, end } = run(t, { lists: [new Error('unreachable')], watches: [] });
    await eventually(() => clock.armed === 1);
    end.abort();
    await running;
    expect([clock.armed, asked.length]).toEqual([0, 1]);
  });

  test('ends with what a listener has thrown, and asks no more', async (t) => {
    const { client, asked } = scriptedClient({ lists: [{ ...empty, items: [object('a', '1')] }], watches: [] });
    const reflector = createReflector({ client, kind: CONNECTORS, selection: {} });
    const defect = new TypeError('a defect');
    const running = reflector.run(() => {
      throw defect;
    }, t.signal);
    await expect(running).rejects.toBe(defect);
    expect(asked).toEqual(['list']);
  });
});
