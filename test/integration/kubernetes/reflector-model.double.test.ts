import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { StoredObject } from '../../../kubernetes/object.ts';
import { eventually } from '../../support/eventually.ts';
import { type ApiServer, startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { kindAt } from '../../support/kubernetes/api-server/kinds.ts';
import { follow, replayed } from '../../support/kubernetes/follow.ts';
import { openClient } from '../../support/kubernetes/open-client.ts';
import { createScope } from '../../support/scope.ts';

const CONFIG_MAPS = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };

/** Somebody writes. */
type Write =
  | { readonly kind: 'put' | 'replace'; readonly name: string; readonly value: string }
  | { readonly kind: 'remove'; readonly name: string };

/** Something that happens to the objects, the server or the connection. */
type Step =
  | Write
  | { readonly kind: 'cut' | 'expire' | 'compact' | 'stall' | 'resume' | 'bookmark' | 'caughtUp' }
  /** Writes that no watch has told of when it ends, and that are forgotten then. */
  | { readonly kind: 'gap'; readonly writes: readonly Write[]; readonly end: 'cut' | 'expire' }
  | { readonly kind: 'fail'; readonly verb: 'list' | 'watch'; readonly code: number; readonly times: number };

const name = fc.constantFrom('a', 'b', 'c', 'd');
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: fc.constantFrom('put', 'replace'), name, value: fc.string({ maxLength: 3 }) }),
  fc.record({ kind: fc.constant('remove'), name }),
);
const event = fc.record({
  kind: fc.constantFrom('cut', 'expire', 'compact', 'stall', 'resume', 'bookmark', 'caughtUp', 'caughtUp', 'caughtUp'),
});
const gap = fc.record({
  kind: fc.constant('gap'),
  writes: fc.array(write, { minLength: 1, maxLength: 4 }),
  end: fc.constantFrom('cut', 'expire'),
});
const failure = fc.record({
  kind: fc.constant('fail'),
  verb: fc.constantFrom('list', 'watch'),
  code: fc.constantFrom(429, 500, 503, 504),
  times: fc.integer({ min: 1, max: 4 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: write },
  { weight: 6, arbitrary: event },
  { weight: 2, arbitrary: gap },
  { weight: 1, arbitrary: failure },
);

const storeKind = kindAt('v1', 'configmaps');

function put({ store }: ApiServer, of: string, value: string): void {
  if (storeKind === undefined) throw new Error('the kind is served');
  const known = store.get(storeKind, 'default', of);
  const uid = known?.metadata.uid ?? `uid-${store.version()}`;
  const metadata = { name: of, namespace: 'default', uid };
  store.put(storeKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value } });
}

function remove({ store }: ApiServer, of: string): void {
  const known = storeKind && store.get(storeKind, 'default', of);
  if (storeKind && known) store.remove(storeKind, known);
}

async function take(server: ApiServer, step: Step): Promise<void> {
  switch (step.kind) {
    case 'put':
      return put(server, step.name, step.value);
    case 'replace':
      remove(server, step.name);
      return put(server, step.name, step.value);
    case 'remove':
      return remove(server, step.name);
    case 'fail':
      return server.failNext({ ...step, resource: 'configmaps' });
    case 'compact':
      return server.store.compact();
    case 'caughtUp':
      // Else most would happen before the first watch has begun.
      await eventually(() => server.watches('configmaps').length > 0);
      return;
    case 'gap':
      for (const each of [{ kind: 'stall' } as const, ...step.writes, { kind: 'compact' } as const])
        await take(server, each);
      return take(server, { kind: step.end });
    case 'cut':
    case 'expire':
    case 'stall':
    case 'resume':
    case 'bookmark':
      for (const watch of server.watches('configmaps')) watch[step.kind]();
  }
}

function known(objects: Iterable<StoredObject>): readonly (readonly unknown[])[] {
  const told = [...objects].map(({ metadata, data }) => [metadata.name, metadata.uid, metadata.resourceVersion, data]);
  return told.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

propertyTest.prop([fc.array(step, { minLength: 10, maxLength: 40 }), fc.constantFrom('status', 'event')], {
  numRuns: 25,
})(
  'reflector - knows in the end what the server has, and has told how it came to that, whatever went wrong',
  async (steps, goneAs) => {
    await using scope = createScope();
    const server = await startApiServer(scope, { goneAs });
    const client = await openClient(scope, server.kubeconfig(), { limits: { pageSize: 2 } });
    const { reflector, told } = follow(scope, { client, kind: CONFIG_MAPS, selection: { namespace: 'default' } });
    for (const step of steps) await take(server, step);
    await take(server, { kind: 'resume' });
    put(server, 'last', 'one');
    const there = () => known((storeKind ? server.store.list(storeKind) : []) as readonly StoredObject[]);
    await eventually(() => {
      expect(known(reflector.objects.values())).toEqual(there());
      return true;
    });
    expect(replayed(told)).toEqual(reflector.objects);
  },
);
