import { randomUUID } from 'node:crypto';
import { fc } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { CONNECTORS, type StoredObject, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { OWNED_KINDS, STATEFUL_SETS } from '../../../operator/kinds.ts';
import type { KubernetesObject } from '../../../operator/render/kubernetes.ts';
import { renderConnector } from '../../../operator/render/render.ts';
import { connectorSchema } from '../../../shared/resources/connector.ts';
import { eventually } from '../../support/eventually.ts';
import { type ApiServer, startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { objectsOf, RENDER, startOperator, type TestOperator } from '../../support/kubernetes/operator.ts';
import { type OperatorStage, operatorStage } from '../../support/kubernetes/operator-stage.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import { createScope, type Scope } from '../../support/scope.ts';

const NAMES = ['a', 'b', 'c'];

/** What is done to one connector. */
type Edit =
  | { readonly kind: 'put'; readonly instances: number; readonly tag: string }
  | { readonly kind: 'delete' }
  /** A topic map with the same route as the good one, which makes the connector invalid; or takes it away. */
  | { readonly kind: 'spoil' | 'mend' }
  | { readonly kind: 'tamper'; readonly at: number; readonly how: 'delete' | 'label' | 'replicas' | 'disown' };

type Mishap = 'none' | 'cut' | 'expire' | 'fail' | 'restart';

interface Round {
  readonly edits: readonly (Edit | undefined)[];
  readonly mishap: Mishap;
}

const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      instances: fc.integer({ min: 0, max: 4 }),
      tag: fc.constantFrom('1', '2'),
    }),
  },
  fc.record({ kind: fc.constantFrom('delete' as const, 'spoil' as const, 'mend' as const) }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('tamper' as const),
      at: fc.nat(OWNED_KINDS.length - 1),
      how: fc.constantFrom('delete' as const, 'label' as const, 'replicas' as const, 'disown' as const),
    }),
  },
);

const round: fc.Arbitrary<Round> = fc.record({
  edits: fc.array(fc.option(edit, { nil: undefined }), { minLength: NAMES.length, maxLength: NAMES.length }),
  mishap: fc.constantFrom('none', 'cut', 'expire', 'fail', 'restart'),
});

/** What should be there for a connector. */
interface Expected {
  live: StoredObject | undefined;
  spoilt: boolean;
  /** What was brought about last: it stays while the connector is invalid. */
  objects: readonly KubernetesObject[];
}

test('operator - brings about what is wanted and nothing else, whatever is edited, broken and cut', async (t) => {
  const server = await startApiServer(t);
  const { client, kubeconfig } = await operatorStage(t, { kubeconfig: server.kubeconfig(), namespace: 'default' });
  const course = fc.array(round, { minLength: 3, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(course, async (rounds) => {
      const scope = createScope();
      try {
        const namespace = `model-${randomUUID().slice(0, 8)}`;
        await play(scope, server, await operatorStage(scope, { client, kubeconfig, namespace }), rounds);
      } finally {
        await scope.close();
      }
    }),
    { numRuns: 3 },
  );
});

async function play(scope: Scope, server: ApiServer, on: OperatorStage, rounds: readonly Round[]): Promise<void> {
  const model = new Map(
    NAMES.map((name): [string, Expected] => [name, { live: undefined, spoilt: false, objects: [] }]),
  );
  const theirs = await foreign(on);
  let operator = await startOperator(scope, on);
  for (const name of NAMES) await on.put(topicMapResource(`map-${name}`, name));
  for (const { edits, mishap } of rounds) {
    operator = await suffer(mishap, { scope, server, on, operator });
    for (const [index, each] of edits.entries()) {
      const name = NAMES[index] ?? '';
      const expected = model.get(name);
      if (each !== undefined && expected !== undefined) await perform(on, name, each, expected);
    }
    await eventually(async () => expect(await shapes(on)).toEqual(wantedShapes(model)));
    await operator.settled();
    expect(await shapes(on)).toEqual(wantedShapes(model));
  }
  for (const object of theirs) {
    expect((await on.client.get(SERVICES, object.metadata))?.metadata.resourceVersion).toBe(
      object.metadata.resourceVersion,
    );
  }
}

const SERVICES = { apiVersion: 'v1', kind: 'Service', plural: 'services' };

/** Objects that look nearly like ours. */
async function foreign({ client, namespace }: OperatorStage): Promise<readonly StoredObject[]> {
  const labels = { 'app.kubernetes.io/managed-by': 'mqttbridge-operator' };
  const annotations = { 'mq.iotoperations.azure.com/connector': 'a' };
  const service = (metadata: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: metadata as never });
  return await Promise.all([
    client.create(SERVICES, service({ name: 'plain', namespace })),
    client.create(SERVICES, service({ name: 'labelled', namespace, labels })),
    client.create(SERVICES, service({ name: 'marked', namespace, labels, annotations })),
  ]);
}

interface Stage {
  readonly scope: Scope;
  readonly server: ApiServer;
  readonly on: OperatorStage;
  readonly operator: TestOperator;
}

async function suffer(mishap: Mishap, { scope, server, on, operator }: Stage): Promise<TestOperator> {
  if (mishap === 'cut') for (const watch of server.watches()) watch.cut();
  if (mishap === 'expire') for (const watch of server.watches()) watch.expire();
  // An author meets a failure, too, and tries again.
  if (mishap === 'fail') server.failNext({ verb: 'patch', resource: 'statefulsets', code: 503, times: 2 });
  if (mishap !== 'restart') return operator;
  await operator.stop();
  return await startOperator(scope, on);
}

async function perform(on: OperatorStage, name: string, each: Edit, expected: Expected): Promise<void> {
  switch (each.kind) {
    case 'put': {
      const image = { repository: 'registry.test/mqttbridge', tag: each.tag };
      expected.live = await on.put(connectorResource(name, { bridgeInstances: each.instances, image }));
      break;
    }
    case 'delete':
      await on.remove(CONNECTORS, name);
      Object.assign(expected, { live: undefined, objects: [] });
      break;
    case 'spoil':
      await on.put({ ...topicMapResource(`map-${name}`, name), metadata: { name: `spoil-${name}` } });
      expected.spoilt = true;
      break;
    case 'mend':
      await on.remove(TOPIC_MAPS, `spoil-${name}`);
      expected.spoilt = false;
      break;
    case 'tamper':
      // Of an invalid connector nothing is put back, and nobody can say what is wanted.
      if (!expected.spoilt) await tamper(on, name, each);
  }
  if (expected.live !== undefined && !expected.spoilt) expected.objects = rendered(expected.live);
}

async function tamper(on: OperatorStage, name: string, { at, how }: Extract<Edit, { kind: 'tamper' }>): Promise<void> {
  const kind = (how === 'replicas' ? STATEFUL_SETS : OWNED_KINDS[at]) ?? STATEFUL_SETS;
  const place = { namespace: on.namespace, name: `aio-mq-${name}` };
  const steps = {
    delete: [],
    label: [{ op: 'replace', path: '/metadata/labels/app', value: 'theirs' }],
    replicas: [{ op: 'replace', path: '/spec/replicas', value: 9 }],
    disown: [{ op: 'remove', path: '/metadata/ownerReferences' }],
  } as const;
  if (how === 'delete') await on.client.remove(kind, place);
  // There may be none yet, or its turn to fail has come.
  else await on.client.patch(kind, place, steps[how]).catch(() => undefined);
}

function rendered(connector: StoredObject): readonly KubernetesObject[] {
  const { uid, namespace } = connector.metadata;
  const rendering = renderConnector(connectorSchema.parse(connector), { uid, namespace }, RENDER);
  if (rendering.kind === 'refused') throw new RangeError('it cannot be rendered');
  return rendering.objects;
}

async function shapes(on: OperatorStage): Promise<unknown> {
  const all = await objectsOf(on.client, OWNED_KINDS, on.namespace);
  return sorted(all.filter(({ metadata }) => NAMES.includes(metadata.name.replace('aio-mq-', ''))));
}

function wantedShapes(model: ReadonlyMap<string, Expected>): unknown {
  return sorted([...model.values()].flatMap(({ objects }) => objects));
}

/** What both say; the API server and our stamp add the rest. */
function sorted(objects: readonly (StoredObject | KubernetesObject)[]): unknown {
  const plain = objects.map((object) => {
    const { metadata, ...rest } = object as unknown as StoredObject;
    const { name, labels, ownerReferences, annotations = {} } = metadata;
    const { 'mq.iotoperations.azure.com/applied': _stamp, ...own } = annotations;
    return { ...rest, metadata: { name, labels, ownerReferences, annotations: own } };
  });
  return plain.toSorted((a, b) => (`${a.kind}/${a.metadata.name}` < `${b.kind}/${b.metadata.name}` ? -1 : 1));
}
