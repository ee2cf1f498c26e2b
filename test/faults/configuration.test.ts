import { join, resolve } from 'node:path';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, type TestContext, test } from 'vitest';
import { type BridgeConfig, bridgeYaml, inward, outward } from '../support/bridge-config.ts';
import { prepareBridge, startBridge } from '../support/bridge-harness.ts';
import { startChild } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { mount } from '../support/mounted.ts';
import { startRawBroker } from '../support/raw-broker.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { startEmbedded } from '../support/test-broker.ts';

const CLI = resolve(import.meta.dirname, '../../cli/main.ts');
const SHARED = { sharedSubscription: { groupMinimumShareNumber: 2, groupName: 'g' } };

interface Mistake {
  readonly what: string;
  readonly config: Partial<BridgeConfig>;
  readonly rule: string;
  readonly path: string;
}

const MISTAKES: readonly Mistake[] = [
  {
    what: 'a wildcard in a target',
    config: { routes: [outward('a', 'x/#', { target: 'y/#' })] },
    rule: 'TM004',
    path: 'spec.routes[0].target',
  },
  {
    what: '$share in a source',
    config: { routes: [outward('a', '$share/g/x')] },
    rule: 'TM006',
    path: 'spec.routes[0].source',
  },
  {
    what: '# that is not last',
    config: { routes: [outward('a', 'x/#/y')] },
    rule: 'TM005',
    path: 'spec.routes[0].source',
  },
  {
    what: 'a shared subscription with MQTT 3.1.1',
    config: { routes: [inward('a', 'x', SHARED)], spec: { protocol: 'v3' } },
    rule: 'XR007',
    path: 'spec.routes[0].sharedSubscription',
  },
  {
    what: 'a share group with a slash',
    config: { routes: [inward('a', 'x', { sharedSubscription: { groupMinimumShareNumber: 2, groupName: 'a/b' } })] },
    rule: 'TM007',
    path: 'spec.routes[0].sharedSubscription.groupName',
  },
  {
    what: 'two routes of one name',
    config: { routes: [outward('a', 'x'), inward('a', 'y')] },
    rule: 'XR004',
    path: 'spec.routes[1].name',
  },
  {
    what: 'two routes of one name in two maps',
    config: { routes: [outward('a', 'x')], maps: { more: [inward('a', 'y')] } },
    rule: 'XR004',
    path: 'spec.routes[0].name',
  },
  {
    what: 'two client IDs that meet',
    config: { routes: [inward('a', 'x', SHARED), inward('a-0', 'y')] },
    rule: 'XR005',
    path: 'spec.routes[1].name',
  },
  {
    what: 'a loop that MQTT 3.1.1 cannot stop',
    config: { routes: [outward('a', 'x/#'), inward('b', 'x/#')], spec: { protocol: 'v3' } },
    rule: 'XR008',
    path: 'spec.routes[1]',
  },
];

describe('F22 - a configuration that cannot work is refused with its rule and place', () => {
  test.for(MISTAKES)('$what ($rule)', async ({ config, rule, path }, scope) => {
    const broker = await startRawBroker(scope);
    const whole: BridgeConfig = { local: broker.port, remote: broker.port, routes: [], ...config };
    const dir = await createTempDir(scope, 'config');
    const file = join(dir, 'bridge.yaml');
    await writeFile(file, bridgeYaml(whole));
    const http = `127.0.0.1:${await freePort()}`;
    const run = await startChild(process.execPath, [CLI, 'run', '-f', file, '--http', http]);
    expect(await run.exit).toEqual({ code: 2, signal: null });
    const text = run.stdout() + run.stderr();
    expect(text).toContain(rule);
    expect(text).toContain(path);
    expect(text).toMatch(/bridge\.yaml:\d+:\d+/);
    expect(text).toContain('try: ');
    expect(broker.connections.length).toBe(0);
  });
});

describe('F27 - an invalid document over a valid one changes nothing and is reported', () => {
  const bad: [string, (good: BridgeConfig) => string, string][] = [
    ['with an unknown field', (good) => bridgeYaml(good).replace('qos:', 'quality:'), 'TM002'],
    [
      'with a wildcard target',
      (good) => bridgeYaml({ ...good, routes: [outward('up', 'up/#', { target: '#' })] }),
      'TM004',
    ],
    ['that is no YAML', () => 'spec: [', 'YA001'],
    ['that is empty', () => '', ''],
    [
      'whose aliases expand too far',
      (good) => bridgeYaml({ ...good, routes: Array(10_001).fill(good.routes[0]) }),
      'YA004',
    ],
  ];
  test.for(bad)('%s', async ([, write, rule], scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startEmbedded(scope)]);
    const good: BridgeConfig = {
      local: local.port,
      remote: remote.port,
      routes: [outward('up', 'up/#', { qos: 1 })],
    };
    const bridge = await startBridge(scope, good);
    const { config } = bridge.snapshot();
    await bridge.write(write(good));
    await eventually(() => bridge.snapshot().config.rejected);
    const { rejected, ...rest } = bridge.snapshot().config;
    expect(rest).toEqual({ ...config, rejectedTotal: 1 });
    if (rule) expect(rejected?.problems.map((problem) => problem.rule)).toContain(rule);
    local.broker.publish({ topic: 'up/a', payload: 'x', qos: 1 });
    await eventually(() => bridge.route('up').counters.forwarded === 1);
    expect(bridge.snapshot().sessions.map(({ epoch }) => epoch)).toEqual([1, 1]);

    await bridge.write({ ...good, routes: [...good.routes, inward('down', 'down/#')] });
    await bridge.allReady();
    expect(bridge.snapshot().config).toMatchObject({ generation: 2, rejectedTotal: 1 });
    expect(bridge.snapshot().config.rejected).toBeUndefined();
    expect(bridge.session('local', 'up').epoch).toBe(1);
  });

  test('of half a megabyte, while a process serves its status', async (scope) => {
    const [local, remote] = await Promise.all([startEmbedded(scope), startEmbedded(scope)]);
    const good: BridgeConfig = { local: local.port, remote: remote.port, routes: [outward('up', 'up/#')] };
    const { start, write } = await prepareBridge(scope, good);
    const agent = await start();
    await agent.ready();
    const many = Array.from({ length: 4000 }, (_, i) =>
      outward(`r${i}`, `up/${i}/#`, { target: `${'t'.repeat(60)}/#` }),
    );
    await write({ ...good, routes: many });
    const status = await eventually(async () => {
      const found = await agent.status();
      return found.config.rejected && found;
    });
    expect(status.config.rejected?.problems.length).toBe(50);
    expect(status.routes.map(({ lanes }) => lanes)).toEqual([{ total: 1, ready: 1 }]);
    expect((await agent.get('/readyz?verbose')).body).toContain('[-]config failed');
  });
});

describe('F30 - names of Secrets and ConfigMaps cannot leave their folder', () => {
  const names = ['../../etc', '/etc/passwd', 'a/b', '..', 'a\0b', 'x'.repeat(300), 'Upper', ''];
  test.for(names.map((name) => [name.slice(0, 20), name] as const))('%j is no name', async ([, secretName], scope) => {
    const dir = await createTempDir(scope, 'config');
    const file = join(dir, 'bridge.yaml');
    const remote = { port: 1883, authentication: { usernamePassword: { secretName } } };
    await writeFile(file, bridgeYaml({ local: 1884, remote, routes: [outward('up', 'up/#')] }));
    const child = await startChild(process.execPath, [CLI, 'validate', '-f', file]);
    expect((await child.exit).code).toBe(2);
    expect(child.stdout() + child.stderr()).toContain('secretName');
  });

  test('and a link that leaves it is not followed', async (scope) => {
    const { secretsDir, outside } = await linkedSecret(scope);
    const remote = await startEmbedded(scope);
    const local = await startEmbedded(scope);
    const side = { port: remote.port, authentication: { usernamePassword: { secretName: 'stolen' } } };
    const config = { local: local.port, remote: side, routes: [outward('up', 'up/#')] };
    const bridge = await startBridge(scope, config, { unready: true, secretsDir });
    await eventually(() => bridge.session('remote').fault);
    expect(bridge.session('remote').fault?.reason).toBe('OutsideMount');
    expect(bridge.session('remote').fault?.message).not.toContain(outside);
    expect(remote.broker.sessions()).toEqual([]);
  });
});

/** A Secret whose folder is a link to a good one elsewhere. */
async function linkedSecret(scope: TestContext) {
  const dir = await createTempDir(scope, 'secrets');
  const [secretsDir, outside] = [join(dir, 'mounted'), join(dir, 'outside')];
  await Promise.all([mkdir(secretsDir), mkdir(outside)]);
  const { path } = await mount(outside, 'stolen', { username: 'u', password: 'p' });
  await symlink(path, join(secretsDir, 'stolen'));
  return { secretsDir, outside };
}
