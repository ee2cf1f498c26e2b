import { execFileSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { labelsOf } from '../../../operator/render/labels.ts';
import { customResourceDefinition } from '../../../shared/schema/crd.ts';
import { connectorResource } from '../../support/resources.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { ROOT } from './templates.ts';

const KINDS = ['MqttBridgeConnector', 'MqttBridgeTopicMap'] as const;

// As k9s has it: https://raw.githubusercontent.com/derailed/k9s/master/internal/config/json/schemas/plugins.json
const pluginsSchema = z.strictObject({
  plugins: z.record(
    z.string(),
    z.strictObject({
      shortCut: z.string().regex(/^(Shift|Ctrl)-[A-Z]$/),
      description: z.string(),
      scopes: z.array(z.enum(['mqttbridgeconnectors', 'mqttbridgetopicmaps'])).min(1),
      command: z.literal('sh'),
      background: z.literal(false),
      args: z.tuple([z.literal('-c'), z.string()]),
    }),
  ),
});
const viewsSchema = z.strictObject({
  views: z.record(z.string(), z.strictObject({ columns: z.array(z.string()).min(1) })),
});

const { plugins } = pluginsSchema.parse(await read('plugins.yaml'));
const { views } = viewsSchema.parse(await read('views.yaml'));

async function read(name: string): Promise<unknown> {
  return parse(await readFile(join(ROOT, 'contrib/k9s', name), 'utf8'));
}

/** The schema at a path such as `.status.conditions[?(…)].status`; undefined where there is none. */
function schemaAt(schema: object, path: string): object | undefined {
  const names = path
    .replaceAll(/\[[^\]]*\]/g, '.items')
    .split('.')
    .slice(1);
  let at: object | undefined = schema;
  for (const name of names) {
    const { properties = {}, items } = at as { properties?: Record<string, object>; items?: object };
    at = name === 'items' ? items : properties[name];
    if (at === undefined) return undefined;
  }
  return at;
}

describe('columns of k9s', () => {
  test('are those of both kinds, in their served version', () => {
    const resources = KINDS.map((kind) => {
      const { group, names, versions } = customResourceDefinition(kind).spec;
      return `${group}/${versions[0]?.name}/${names.plural}`;
    });
    expect(Object.keys(views)).toEqual(resources);
  });

  test.each(KINDS)('%s: each reads a field that the definition has, and has its own name', (kind) => {
    const { names, versions } = customResourceDefinition(kind).spec;
    const columns = Object.entries(views).find(([resource]) => resource.endsWith(names.plural))?.[1].columns ?? [];
    const parts = columns.map((column) => /^([A-Z-]+)(?::([^|]+))?(?:\|[A-Z]+)?$/.exec(column)?.slice(1) ?? []);
    expect(new Set(parts.map(([name]) => name)).size).toBe(columns.length);
    for (const [name = '', path] of parts) {
      if (path === undefined) expect(['NAMESPACE', 'NAME', 'AGE']).toContain(name);
      else expect(schemaAt(versions[0]?.schema.openAPIV3Schema ?? {}, path), path).toBeDefined();
    }
  });
});

/** What `kubectl get` prints of a bridge: a list, with what the API server adds. */
const LIST = {
  apiVersion: 'v1',
  kind: 'List',
  metadata: { resourceVersion: '' },
  items: [
    connectorResource('edge', {}),
    {
      apiVersion: 'mq.iotoperations.azure.com/v1beta1',
      kind: 'MqttBridgeTopicMap',
      metadata: { name: 'map', uid: 'u', resourceVersion: '7', generation: 1 },
      spec: {
        mqttBridgeConnectorRef: 'edge',
        routes: [{ direction: 'local-to-remote', name: 'up', source: 'a/#' }],
      },
      status: { routes: { total: 1, ready: 1 } },
    },
  ],
};

/** Runs a plugin as k9s does, with a kubectl that tells its arguments or prints the list. */
async function press(scope: Scope, plugin: string, input = ''): Promise<string> {
  const bin = await createTempDir(scope, 'bin');
  const list = join(bin, 'list.json');
  await writeFile(list, JSON.stringify(LIST));
  const programs = {
    kubectl: `case "$*" in *'-o yaml') cat '${list}';; *) printf '<%s>' "$@";; esac`,
    mqttbridge: `exec '${process.execPath}' '${join(ROOT, 'cli/main.ts')}' "$@"`,
    less: 'cat',
  };
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const values = { CONTEXT: 'arc', NAMESPACE: 'plant', NAME: 'edge', RESOURCE_NAME: 'mqttbridgeconnectors' };
  const script = (plugins[plugin]?.args[1] ?? '').replaceAll(
    /\$([A-Z_]+)/g,
    (all, name: string) => values[name as keyof typeof values] ?? all,
  );
  return execFileSync('sh', ['-c', script], {
    encoding: 'utf8',
    input,
    env: { PATH: `${bin}:${process.env['PATH']}` },
  });
}

describe('keys of k9s', () => {
  test('each has its own short cut', () => {
    const shortCuts = Object.values(plugins).map(({ shortCut }) => shortCut);
    expect(new Set(shortCuts).size).toBe(shortCuts.length);
  });

  test('status prints the conditions of the resource under the cursor', async (scope) => {
    const asked = await press(scope, 'mqttbridge-status');
    expect(asked).toMatch(
      /^<--context><arc><--namespace><plant><get><mqttbridgeconnectors><edge><-o><jsonpath=\{range/,
    );
  });

  test('logs follows all pods of a connector, by labels that they have', async (scope) => {
    const asked = await press(scope, 'mqttbridge-logs');
    const selector = /<--selector><([^>]*)>/.exec(asked)?.[1] ?? '';
    const labels = Object.fromEntries(selector.split(',').map((each) => each.split('=') as [string, string]));
    expect(labelsOf('edge')).toMatchObject(labels);
    expect(labels).toHaveProperty(['app.kubernetes.io/instance']);
  });

  test('dry run asks for a topic and says where its messages go', async (scope) => {
    expect(await press(scope, 'mqttbridge-dry-run', 'a/b\n')).toContain('map/up');
  });
});
