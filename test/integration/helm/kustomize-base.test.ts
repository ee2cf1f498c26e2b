import { expect, test } from 'vitest';
import { objectsOf, only } from '../infra/manifests.ts';
import { canonical, type KubeObject } from '../../support/kubernetes/api-server/object.ts';
import type { Installation } from '../../support/helm/chart.ts';
import { configOf, openChart } from './matrix.ts';

const chart = await openChart();
const base = await objectsOf('base');

/** The chart as the base is: with network policies, in one namespace. */
const LIKE_BASE: Installation = {
  namespace: 'azure-iot-operations',
  values: { networkPolicy: { enabled: true } },
};
const { objects } = chart.render(LIKE_BASE);

/** Labels that only Helm gives, the hash in names of Kustomize, and the order of rules left out. */
function common(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(common);
  if (value === null || typeof value !== 'object') {
    return typeof value === 'string' ? value.replace(/^(mqttbridge-operator-config)-[a-z0-9]+$/, '$1') : value;
  }
  const onlyHelm = /^(helm\.sh\/chart|checksum\/config|app\.kubernetes\.io\/(instance|managed-by|version))$/;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => {
      const inner = common(field);
      const isGone = onlyHelm.test(name) || (name === 'annotations' && Object.keys(inner as object).length === 0);
      return isGone ? [] : [[name, inner]];
    }),
  );
}

test.for(['Deployment', 'RoleBinding', 'Service', 'ServiceAccount'])(
  'the chart and the base of Kustomize have the same %s',
  (kind) => {
    const theirs = only(base, kind, /^mqttbridge-operator$/);
    const ours = objects.find((each) => each.kind === kind && each.metadata.name === 'mqttbridge-operator');
    expect(common(ours)).toEqual(common(theirs));
  },
);

/** The rules of roles, in an order of their own. */
function rulesOf(all: readonly KubeObject[]): string[] {
  return all
    .filter(({ kind, metadata }) => kind.endsWith('Role') && metadata.name === 'mqttbridge-operator')
    .flatMap((role) => role['rules'] as object[])
    .map(canonical)
    .sort();
}

test('the chart and the base of Kustomize give the operator the same rights, over all namespaces too', () => {
  expect(rulesOf(objects)).toEqual(rulesOf(base));
  expect(rulesOf(chart.render({ values: { allNamespaces: true } }).objects)).toEqual(rulesOf(base));
});

test('the chart and the base of Kustomize have the same network policies', () => {
  const policies = (all: readonly KubeObject[]) =>
    all
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .sort((one, other) => one.metadata.name.localeCompare(other.metadata.name))
      .map(common);
  expect(policies(objects)).toEqual(policies(base));
});

test('the configuration of the base is that of the chart but for what the chart says of defaults', () => {
  const config = (all: readonly KubeObject[]) =>
    configOf(only(all, 'ConfigMap', /^mqttbridge-operator-config/)['data']);
  const { agents, localToken, ...ours } = config(objects);
  expect(ours).toEqual(config(base));
  expect({ agents, localToken }).toEqual({ agents: { userId: 65_532 }, localToken: { expirationSeconds: 86_400 } });
});
