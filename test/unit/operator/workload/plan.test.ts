import { describe, expect, test } from 'vitest';
import type { StoredObject } from '../../../../kubernetes/object.ts';
import type { KubernetesObject } from '../../../../operator/render/kubernetes.ts';
import { essence } from '../../../../operator/workload/fields.ts';
import { stamp } from '../../../../operator/workload/identity.ts';
import { plan } from '../../../../operator/workload/plan.ts';
import { connectorOf, objectsOf, OWNER } from '../sample.ts';

const WANTED = objectsOf(connectorOf());

/** An object as the API server has it after it was applied, with every field ours. */
function applied(object: KubernetesObject, changes: object = {}): StoredObject {
  const { metadata, ...rest } = stamp(object) as unknown as StoredObject;
  const { name: _name, namespace: _namespace, ...owned } = metadata;
  const fieldsV1 = fieldsOf({ ...rest, apiVersion: undefined, kind: undefined, metadata: owned });
  const managedFields = [{ manager: 'mqttbridge-operator', operation: 'Apply', fieldsV1 }];
  const stored = { uid: `uid-of-${rest.kind}`, resourceVersion: '1', managedFields };
  return { ...rest, metadata: { ...metadata, ...stored, ...changes } };
}

/** Every list as a whole, as far as ownership goes. */
function fieldsOf(value: unknown): object {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return {};
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [`f:${name}`, fieldsOf(field)]));
}

function actionsOf(objects: readonly StoredObject[], wanted: readonly KubernetesObject[] | undefined = WANTED) {
  const planned = plan({ owner: OWNER.uid, objects }, wanted);
  if (planned.kind === 'taken') return planned.objects.map(({ kind }) => `taken ${kind}`);
  return planned.actions.map((action) =>
    action.kind === 'apply'
      ? `apply ${action.object.kind} over ${action.uid ?? 'nothing'}`
      : `remove ${action.object.kind}${action.orphan ? ' and keep what it owns' : ''}`,
  );
}

const LIVE = WANTED.map((object) => applied(object));

function replaced(kind: string, change: (object: StoredObject) => StoredObject): StoredObject[] {
  return LIVE.map((object) => (object.kind === kind ? change(object) : object));
}

describe('plan', () => {
  test('applies everything where there is nothing, in the order of rendering', () => {
    expect(actionsOf([])).toEqual(WANTED.map(({ kind }) => `apply ${kind} over nothing`));
  });

  test('does nothing where all is as it was applied, also by what copies keep of it', () => {
    expect(actionsOf(LIVE)).toEqual([]);
    expect(actionsOf(LIVE.map(essence))).toEqual([]);
  });

  test('applies what was rendered otherwise', () => {
    const more = objectsOf(connectorOf({ bridgeInstances: 3 }));
    expect(actionsOf(LIVE, more)).toEqual(['apply StatefulSet over uid-of-StatefulSet']);
  });

  test('applies what somebody else has changed or removed, however deep', () => {
    const lost = replaced('Service', (object) => {
      const text = JSON.stringify(object);
      return JSON.parse(text.replace('"f:publishNotReadyAddresses":{},', '')) as StoredObject;
    });
    expect(actionsOf(lost)).toEqual(['apply Service over uid-of-Service']);
  });

  test('applies over an object whose managers nobody knows any more', () => {
    const bare = replaced('Role', ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, managedFields: [] } as StoredObject['metadata'],
    }));
    const kinds = WANTED.map(({ kind }) => kind);
    expect(actionsOf(bare)).toEqual(kinds.includes('Role') ? ['apply Role over uid-of-Role'] : []);
  });

  test('removes what is ours and not wanted', () => {
    const account = LIVE.filter(({ kind }) => kind === 'ServiceAccount');
    const others = WANTED.filter(({ kind }) => kind !== 'ServiceAccount');
    expect(account).toHaveLength(1);
    expect(actionsOf(LIVE, others)).toEqual(['remove ServiceAccount']);
  });

  test('removes nothing without our owner reference', () => {
    const disowned = replaced('ServiceAccount', ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, ownerReferences: [] },
    }));
    expect(
      actionsOf(
        disowned,
        WANTED.filter(({ kind }) => kind !== 'ServiceAccount'),
      ),
    ).toEqual([]);
  });

  test('touches nothing where one name belongs to somebody else', () => {
    const theirs: StoredObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'aio-mq-bridge', namespace: OWNER.namespace, uid: 'theirs', resourceVersion: '1' },
    };
    expect(actionsOf([theirs])).toEqual(['taken Service']);
    const deployment = [{ uid: 'd', kind: 'Deployment', name: 'd', controller: true }];
    const controlled = replaced('Service', ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, ownerReferences: deployment },
    }));
    expect(actionsOf(controlled)).toEqual(['taken Service']);
  });

  test('takes back what has our marks and no owner', () => {
    const disowned = replaced('Service', ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, ownerReferences: [], managedFields: [] } as StoredObject['metadata'],
    }));
    expect(actionsOf(disowned)).toEqual(['apply Service over uid-of-Service']);
  });

  test('removes what an earlier connector of the name left, and waits for what is going', () => {
    const earlier = [{ uid: 'earlier', kind: 'MqttBridgeConnector', name: 'bridge', controller: true }];
    const left = LIVE.map(({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, ownerReferences: earlier },
    }));
    expect(actionsOf(left)).toEqual(WANTED.map(({ kind }) => `remove ${kind}`));
    const going = LIVE.map(({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    }));
    expect(actionsOf(going)).toEqual([]);
  });

  test('makes anew what cannot be changed, and keeps its pods', () => {
    const storage = { size: '1Gi' };
    const claims = objectsOf(connectorOf(), { definition: { kind: 'kubernetes', storage } });
    expect(actionsOf(LIVE, claims)).toContain('remove StatefulSet and keep what it owns');
    expect(actionsOf(LIVE, claims)).not.toContain('apply StatefulSet over uid-of-StatefulSet');
  });

  test('does nothing while nobody can say what is wanted', () => {
    const planned = plan({ owner: OWNER.uid, objects: LIVE }, undefined);
    expect(planned).toEqual({ kind: 'actions', actions: [] });
  });
});
