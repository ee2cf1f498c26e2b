import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { openCluster } from '../../support/kubernetes/cluster.ts';
import { follow, replayed } from '../../support/kubernetes/follow.ts';
import { openClient } from '../../support/kubernetes/open-client.ts';

const CONFIG_MAPS = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const SECRETS = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };
const ROLES = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', plural: 'roles' };
const BINDINGS = { ...ROLES, kind: 'RoleBinding', plural: 'rolebindings' };

const FOLLOWED: object = { followed: 'yes' };

function configMap(namespace: string, name: string, { value = '1', labels = FOLLOWED } = {}) {
  const metadata = { name, namespace, labels };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value } };
}

describe('reflector', () => {
  test('knows what was there, follows what happens, and sees nothing else', async (t) => {
    const { namespace, kubeconfig } = await openCluster(t);
    const client = await openClient(t, kubeconfig, { limits: { pageSize: 2 } });
    for (const name of ['a', 'b', 'c']) await client.create(CONFIG_MAPS, configMap(namespace, name));
    const selection = { namespace, labelSelector: 'followed=yes' };
    const { reflector, told } = follow(t, { client, kind: CONFIG_MAPS, selection });
    await reflector.synced;
    const keys = () => [...reflector.objects.keys()].sort();
    expect(keys()).toEqual(['a', 'b', 'c'].map((name) => `${namespace}/${name}`));
    await client.apply(CONFIG_MAPS, configMap(namespace, 'a', { value: '2' }), { manager: 'm', force: true });
    await client.remove(CONFIG_MAPS, { namespace, name: 'b' });
    await client.create(CONFIG_MAPS, configMap(namespace, 'other', { labels: {} }));
    await client.create(CONFIG_MAPS, configMap(namespace, 'd'));
    // What no longer matches is as good as removed.
    await client.patch(CONFIG_MAPS, { namespace, name: 'c' }, [{ op: 'remove', path: '/metadata/labels/followed' }]);
    await eventually(() => told.length === 7);
    expect(keys()).toEqual(['a', 'd'].map((name) => `${namespace}/${name}`));
    expect(reflector.objects.get(`${namespace}/a`)).toMatchObject({ data: { value: '2' } });
    expect(replayed(told)).toEqual(reflector.objects);
  });

  test('says that a named Secret may not be read, and reads it as soon as a role allows that', async (t) => {
    const { namespace, kubeconfig, kubeconfigFor } = await openCluster(t);
    const admin = await openClient(t, kubeconfig);
    const client = await openClient(t, await kubeconfigFor('agent'));
    const metadata = { name: 'edge', namespace };
    await admin.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata });
    const selection = { namespace, fieldSelector: 'metadata.name=edge' };
    const { reflector } = follow(t, { client, kind: SECRETS, selection });
    await eventually(() => reflector.state.kind === 'apart');
    expect(reflector.state).toMatchObject({ error: { code: 403, reason: 'Forbidden' } });
    const { apiVersion } = ROLES;
    const rules = [
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['edge'], verbs: ['get', 'list', 'watch'] },
    ];
    const role = { apiVersion, kind: 'Role', metadata, rules };
    await admin.create(ROLES, role);
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'edge' };
    const subjects = [{ kind: 'ServiceAccount', name: 'agent', namespace }];
    const binding = { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects };
    await admin.create(BINDINGS, binding);
    await reflector.synced;
    expect([...reflector.objects.keys()]).toEqual([`${namespace}/edge`]);
    await admin.remove(SECRETS, metadata);
    await eventually(() => reflector.objects.size === 0);
    expect(reflector.state).toEqual({ kind: 'synced' });
  });

  test('goes on from where it was when the server ends a watch', async (t) => {
    const { namespace, kubeconfig } = await openCluster(t);
    const client = await openClient(t, kubeconfig, { random: () => 0, limits: { watchSeconds: 1 } });
    let watches = 0;
    const counting = {
      ...client,
      watch: (...asked: Parameters<typeof client.watch>) => {
        watches += 1;
        return client.watch(...asked);
      },
    };
    const { reflector, states } = follow(t, { client: counting, kind: CONFIG_MAPS, selection: { namespace } });
    await reflector.synced;
    await eventually(() => watches === 3);
    await client.create(CONFIG_MAPS, configMap(namespace, 'a'));
    await eventually(() => reflector.objects.has(`${namespace}/a`));
    expect(states.map(({ kind }) => kind)).toEqual(['synced']);
  });

  test('says that a kind is not served', async (t) => {
    const { namespace, kubeconfig } = await openCluster(t);
    const client = await openClient(t, kubeconfig);
    const kind = { apiVersion: 'nowhere.example/v1', kind: 'None', plural: 'nones' };
    const { reflector } = follow(t, { client, kind, selection: { namespace } });
    await eventually(() => reflector.state.kind === 'apart');
    expect(reflector.state).toMatchObject({ error: { code: 404, reason: 'NotServed' } });
  });
});
