import { expect, test } from 'vitest';
import { TERMINATION_GRACE_S } from '../../../operator/render/pod.ts';
import { shortNameOf } from '../../../operator/render/names.ts';
import { objectsOf, only, TYPICAL } from '../infra/manifests.ts';
import { schemaInCluster } from '../../support/kubernetes/definitions.ts';
import type { PodTemplate } from '../../support/kubernetes/manifest/pod.ts';
import { agentOf, connectorOf } from '../../unit/operator/sample.ts';
import { readPage, tableUnder } from './pages.ts';

interface Resources {
  readonly requests?: { readonly cpu?: string | undefined; readonly memory?: string | undefined };
  readonly limits?: { readonly cpu?: string | undefined; readonly memory?: string | undefined };
}

const page = await readPage('docs/deploy-kubernetes.md');
const grouped = (value = Number.NaN) => value.toLocaleString('en-US');

/** Resources as the page has them. */
function asked({ requests = {}, limits = {} }: Resources): string {
  return `requests ${quantities(requests)}, limit ${quantities(limits)}`;
}

/** `100m CPU and 96 MiB`. */
function quantities({
  cpu,
  memory,
}: {
  readonly cpu?: string | undefined;
  readonly memory?: string | undefined;
}): string {
  const mebibytes = memory?.replace('Mi', ' MiB') ?? '';
  return cpu === undefined ? mebibytes : `${cpu} CPU and ${mebibytes}`;
}

test('limits on the page are those of definitions, pods and manifests', async () => {
  const limits = Object.fromEntries(tableUnder(page, '## Limits'));
  const routes = schemaInCluster('MqttBridgeTopicMap').properties?.['spec']?.properties?.['routes'];
  expect(limits['Routes of a topic map']).toContain(`${grouped(routes?.maxItems)};`);
  expect(limits['Topic of a route']).toBe(`${grouped(routes?.items?.properties?.['source']?.maxLength)} characters`);
  const longest = Number(/longer than (\d+) characters/.exec(limits['Name of a connector'] ?? '')?.[1]);
  expect(shortNameOf('x'.repeat(longest))).toBe('x'.repeat(longest));
  expect(shortNameOf('x'.repeat(longest + 1))).not.toBe('x'.repeat(longest + 1));
  expect(limits['Agent, unless agents.resources']).toBe(asked(agentOf(connectorOf()).resources));
  const { template } = only(await objectsOf('base'), 'Deployment')['spec'] as { template: PodTemplate };
  expect(limits['Operator']).toBe(asked(template.spec.containers[0]?.resources ?? {}));
  expect(limits['End of an agent']).toBe(`${TERMINATION_GRACE_S} s`);
});

test('the page tells every value that Flux gets', () => {
  const told = tableUnder(page, '## With Flux').flatMap(([names = '']) => names.split(', '));
  expect(told.sort()).toEqual(Object.keys(TYPICAL).sort());
});

test('ports on the page are those of the policies', async () => {
  const ports = (await objectsOf('base'))
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .flatMap(({ spec }) => [...JSON.stringify(spec).matchAll(/"port":(\d+)/g)].map(([, port]) => port));
  const told = tableUnder(page, '## Network').flatMap(([, , cell = '']) => cell.split(' at ')[0]?.match(/\d+/g) ?? []);
  // The last row is the way in, by the name of the port.
  expect(new Set(told.filter((port) => port !== '9600'))).toEqual(new Set(ports));
});

test('rights on the page are those of the role', async () => {
  const rules = only(await objectsOf('base'), 'Role')['rules'] as readonly { resources: string[]; verbs: string[] }[];
  const told = tableUnder(page, '## Rights').map(([, verbs = '']) => verbs);
  for (const { verbs } of rules) expect(told.join()).toContain(verbs.join(', '));
});
