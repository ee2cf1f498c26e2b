import { expect, test } from 'vitest';
import { createClient } from '../../../kubernetes/http-client.ts';
import { kubeconfigAccess } from '../../../kubernetes/kubeconfig.ts';
import { createReflector } from '../../../kubernetes/reflector.ts';
import { eventually } from '../../support/eventually.ts';
import { startApiServer } from '../../support/kubernetes/api-server/index.ts';

const CONFIG_MAPS = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };

function configMap(name: string, value: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { value } };
}

test('reflector - follows changes, also over a cut connection', async (t) => {
  const server = await startApiServer(t);
  const access = await kubeconfigAccess({ text: server.kubeconfig(), folder: '/' });
  const client = createClient(access, { userAgent: 'test/1' });
  t.onTestFinished(() => client.close());
  await client.create(CONFIG_MAPS, configMap('a', '1'));
  const reflector = createReflector({ client, kind: CONFIG_MAPS, selection: { namespace: 'default' } });
  const end = new AbortController();
  const told: string[] = [];
  const running = reflector.run(
    ({ before, now }) => void told.push(`${before?.metadata.name} ${now?.metadata.name}`),
    end.signal,
  );
  await reflector.synced;
  expect(told).toEqual(['undefined a']);
  await eventually(() => server.watches().length === 1);
  await client.apply(CONFIG_MAPS, configMap('b', '1'), { manager: 'm' });
  await eventually(() => told.length === 2);
  server.watches()[0]?.cut();
  expect(await client.remove(CONFIG_MAPS, { namespace: 'default', name: 'a' })).toBe(true);
  await eventually(() => told.at(-1) === 'a undefined');
  expect(server.log.counts()).toMatchObject({ 'list configmaps': 1, 'watch configmaps': 2 });
  end.abort();
  await running;
});
