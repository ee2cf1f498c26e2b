import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openClusterAccess } from '../../../kubernetes/access.ts';
import type { KubernetesClient, WatchEvent } from '../../../kubernetes/client.ts';
import { type ClientLimits, createClient } from '../../../kubernetes/http-client.ts';
import type { WrittenObject } from '../../../kubernetes/object.ts';
import { eventually } from '../../support/eventually.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { follow, type Followed } from '../../support/kubernetes/follow.ts';
import { openClient } from '../../support/kubernetes/open-client.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const CONFIG_MAPS = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const selection = { namespace: 'default' };

function configMap(name: string, value = '1'): WrittenObject {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { value } };
  return object;
}

interface Stage extends Followed {
  readonly server: ApiServer;
  readonly put: (name: string, value?: string) => Promise<unknown>;
  readonly remove: (name: string) => Promise<unknown>;
  /** Names that the reflector knows. */
  readonly names: () => string;
  readonly opened: () => Promise<unknown>;
  /** How many have come. */
  readonly bookmarks: () => number;
  readonly author: KubernetesClient;
}

/** The client, and how many bookmarks went by. */
function counting(client: KubernetesClient) {
  let bookmarks = 0;
  async function* watch(...asked: Parameters<KubernetesClient['watch']>): AsyncGenerator<WatchEvent> {
    for await (const event of client.watch(...asked)) {
      if (event.kind === 'bookmark') bookmarks += 1;
      yield event;
    }
  }
  return { client: { ...client, watch }, bookmarks: () => bookmarks };
}

async function stage(scope: Scope, options: ApiServerOptions = {}, limits: Partial<ClientLimits> = {}): Promise<Stage> {
  const server = await startApiServer(scope, options);
  const author = await openClient(scope, server.kubeconfig());
  const { client, bookmarks } = counting(await openClient(scope, server.kubeconfig(), { limits }));
  const put = (name: string, value?: string) =>
    author.apply(CONFIG_MAPS, configMap(name, value), { manager: 'author', force: true });
  await put('a');
  await put('b');
  const followed = follow(scope, { client, kind: CONFIG_MAPS, selection });
  const { reflector } = followed;
  const opened = () => eventually(() => server.watches().length === 1 && reflector.state.kind === 'synced');
  await opened();
  return {
    ...followed,
    server,
    put,
    opened,
    bookmarks,
    author,
    remove: (name) => author.remove(CONFIG_MAPS, { namespace: 'default', name }),
    names: () => [...reflector.objects.values()].map(({ metadata }) => metadata.name).join(' '),
  };
}

function counts({ server }: Stage): Record<string, number | undefined> {
  const { 'list configmaps': lists, 'watch configmaps': watches } = server.log.counts();
  return { lists, watches };
}

describe('reflector', () => {
  test('asks nothing but the one watch while all is well, whatever happens meanwhile', async (t) => {
    const set = await stage(t, { bookmarkMs: 5 });
    for (const value of ['2', '3', '4']) await set.put('a', value);
    await eventually(() => set.told.length === 5 && set.bookmarks() > 5);
    expect(counts(set)).toEqual({ lists: 1, watches: 1 });
    expect(set.states).toEqual([{ kind: 'synced' }]);
  });

  test('misses nothing over a cut connection, and lists nothing again', async (t) => {
    const set = await stage(t);
    set.server.watches()[0]?.cut();
    await set.remove('a');
    await set.put('c');
    await eventually(() => set.names() === 'b c');
    await set.opened();
    expect(counts(set)).toEqual({ lists: 1, watches: 2 });
    expect(set.states.map(({ kind }) => kind)).toEqual(['synced', 'apart', 'synced']);
  });

  test.for(['status', 'event'] as const)(
    'lists again when its version is forgotten, told by %s, and tells the removals it has missed',
    async (goneAs, t) => {
      const set = await stage(t, { goneAs });
      const [watch] = set.server.watches();
      watch?.stall();
      await set.remove('a');
      await set.put('b', '2');
      await set.put('c');
      set.server.store.compact();
      watch?.cut();
      await eventually(() => set.names() === 'b c');
      await set.opened();
      const told = set.told.slice(2).map(({ before, now }) => `${before?.metadata.name} ${now?.metadata.name}`);
      expect(told).toEqual(['a undefined', 'b b', 'undefined c']);
      expect(counts(set)).toEqual({ lists: 2, watches: 3 });
    },
  );

  test('lists again when the server says in the middle of a watch that it lost track', async (t) => {
    const set = await stage(t);
    set.server.watches()[0]?.expire();
    await eventually(() => counts(set).lists === 2);
    await set.opened();
    await set.put('c');
    await eventually(() => set.names() === 'a b c');
    expect(set.states).toEqual([{ kind: 'synced' }]);
  });

  test('keeps up by bookmarks, so that what others changed and the server forgot does not make it list again', async (t) => {
    const set = await stage(t);
    const { server } = set;
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other', namespace: 'default' } };
    await set.author.create({ apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }, secret);
    server.watches()[0]?.bookmark();
    await eventually(() => set.bookmarks() === 1);
    server.store.compact();
    server.watches()[0]?.cut();
    await eventually(() => counts(set).watches === 2);
    await set.opened();
    expect(counts(set)).toEqual({ lists: 1, watches: 2 });
  });

  test('leaves a watch that is silent for longer than bookmarks take, and goes on over another', async (t) => {
    const set = await stage(t, {}, { silenceMs: 300 });
    const [watch] = set.server.watches();
    watch?.bookmark();
    watch?.stall();
    await set.put('c');
    await eventually(() => set.names() === 'a b c');
    expect(counts(set)).toEqual({ lists: 1, watches: 2 });
    expect(set.states[1]).toMatchObject({ kind: 'apart', error: { message: 'the API server was silent for 0 s' } });
  });

  test('comes back after failures of the server, of watches and of lists', async (t) => {
    const set = await stage(t);
    set.server.failNext({ verb: 'watch', code: 500, times: 2 });
    set.server.failNext({ verb: 'watch', code: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 });
    set.server.failNext({ verb: 'list', code: 503, reason: 'ServiceUnavailable', times: 2 });
    set.server.watches()[0]?.cut();
    await set.put('c');
    await eventually(() => set.names() === 'a b c');
    await set.opened();
    // Three refusals in a row: the version could have been what the server could not serve.
    expect(counts(set)).toEqual({ lists: 4, watches: 5 });
    const codes = set.states.map((state) =>
      state.kind === 'apart' && 'code' in state.error ? state.error.code : state.kind,
    );
    expect(codes).toEqual(['synced', 'apart', 500, 429, 503, 'synced']);
  });

  test('gets over a restart of the server at the same address', async (t) => {
    const server = await startApiServer(t);
    const proxy = await startFaultProxy(t, { port: Number(new URL(server.url).port) });
    const author = await openClient(t, server.kubeconfig());
    const client = await openClient(t, server.kubeconfig().replace(server.url, `https://127.0.0.1:${proxy.port}`));
    const { reflector, states } = follow(t, { client, kind: CONFIG_MAPS, selection });
    await eventually(() => server.watches().length === 1);
    await proxy.down();
    await eventually(() => states.at(-1)?.kind === 'apart' && server.watches().length === 0);
    await author.create(CONFIG_MAPS, configMap('while-away'));
    await eventually(() => String(reflector.state.kind === 'apart' && reflector.state.error).includes('ECONNREFUSED'));
    await proxy.up();
    await eventually(() => reflector.objects.size === 1 && reflector.state.kind === 'synced');
    expect(server.log.counts()).toMatchObject({ 'list configmaps': 1 });
  });

  test('takes up the token that the kubelet has put in place of one that is refused', async (t) => {
    const server = await startApiServer(t);
    const folder = await createTempDir(t, 'service-account');
    const files = { token: 'expired', 'ca.crt': server.ca, namespace: 'default' };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const { hostname: host, port } = new URL(server.url);
    const client = createClient(await openClusterAccess({ host, port, folder }), { userAgent: 'mqttbridge-test/1' });
    t.onTestFinished(() => client.close());
    const { reflector } = follow(t, { client, kind: CONFIG_MAPS, selection });
    await eventually(() => reflector.state.kind === 'apart');
    expect(reflector.state).toMatchObject({ error: { code: 401, reason: 'Unauthorized' } });
    await writeFile(join(folder, 'token'), server.token);
    await reflector.synced;
    expect(reflector.state).toEqual({ kind: 'synced' });
  });

  test('waits for a server that is slow and one that comes later', async (t) => {
    const server = await startApiServer(t);
    const proxy = await startFaultProxy(t, { port: Number(new URL(server.url).port) });
    await proxy.down();
    const client = await openClient(t, server.kubeconfig().replace(server.url, `https://127.0.0.1:${proxy.port}`));
    const { reflector } = follow(t, { client, kind: CONFIG_MAPS, selection });
    await eventually(() => reflector.state.kind === 'apart');
    proxy.add({ type: 'latency', latency: 100 });
    await proxy.up();
    await reflector.synced;
    expect(reflector.state).toEqual({ kind: 'synced' });
  });
});
