import { expect, test } from 'vitest';
import type { AgentInput } from '../../../cli/agent-port.ts';
import { runCli } from '../../../cli/program.ts';
import { STOP_DEADLINE_MS } from '../../../cli/run.ts';
import { originOf } from '../../../cli/config-origin.ts';
import { CONFIGMAPS_DIR, SECRETS_DIR } from '../../../operator/render/mounts.ts';
import { TERMINATION_GRACE_S } from '../../../operator/render/pod.ts';
import type { RenderOptions } from '../../../operator/render/options.ts';
import { fakeIo } from '../cli/fake-io.ts';
import { connectorOf, CONTROL_PLANE, statefulSetOf } from './sample.ts';

/** What a process in the pod with this ordinal is started with. */
function argvOf(ordinal: number, options: Partial<RenderOptions> = {}): readonly string[] {
  const [container] = statefulSetOf(connectorOf(), options).spec.template.spec.containers;
  const { args, env } = container as { args: readonly string[]; env: readonly { readonly name: string }[] };
  const values = new Map(env.map(({ name }) => [name, String(ordinal)]));
  // As the kubelet expands them: `$$` is a dollar sign, `$(NAME)` a variable if there is one.
  return args.map((text) =>
    text.replaceAll(/\$(?:\$|\((\w+)\))/g, (whole, name?: string) =>
      name === undefined ? '$' : (values.get(name) ?? whole),
    ),
  );
}

/** What `mqttbridge` makes of a command line, up to the agent it would start. */
async function startedBy(argv: readonly string[]): Promise<AgentInput | undefined> {
  const started: AgentInput[] = [];
  const io = fakeIo();
  const enough = new Error('enough');
  const run = runCli(argv, io, async () => (input) => {
    started.push(input);
    throw enough;
  });
  await expect(run, io.err()).rejects.toBe(enough);
  return started[0];
}

test.each([
  ['a key', CONTROL_PLANE.logOn],
  ['an identity', { kind: 'identity', audience: 'api://mqtt$(MQTTBRIDGE_INSTANCE)' }],
] as const)('the command starts the instance of its pod, logged on with %s', async (_, logOn) => {
  const id = '/subscriptions/s/$$x';
  const input = await startedBy(argvOf(3, { definition: { ...CONTROL_PLANE, logOn }, extensionResourceId: id }));
  expect(input).toMatchObject({
    instance: 3,
    secretsDir: SECRETS_DIR,
    configmapsDir: CONFIGMAPS_DIR,
    identity: { extensionResourceId: id },
  });
});

test('the command watches its connector at the API server where the definition is there', () => {
  const argv = argvOf(2, { definition: { kind: 'kubernetes' } });
  expect(argv.filter((arg) => arg === '--kubernetes')).toHaveLength(1);
  const valueOf = (flag: string) => argv.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1) ?? '';
  expect(originOf({ kubernetes: true, connector: valueOf('--connector'), data: valueOf('--data') })).toEqual({
    kind: 'kubernetes',
    connector: 'bridge',
    dataDir: '/var/lib/mqttbridge',
  });
  expect(valueOf('--instance')).toBe('2');
});

test('the command asks the control plane for its connector', () => {
  const flags = new Map(
    argvOf(0)
      .slice(1)
      .map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]),
  );
  expect(
    originOf({
      controlPlane: flags.get('--control-plane')!,
      site: flags.get('--site')!,
      connector: flags.get('--connector')!,
      controlPlaneKeyFile: flags.get('--control-plane-key-file')!,
      data: flags.get('--data')!,
    }),
  ).toMatchObject({
    url: new URL('https://bridges.test/'),
    site: 'plant-1',
    connector: 'bridge',
    logOn: { keyFile: '/var/run/mqttbridge/control-plane/key' },
    dataDir: '/var/lib/mqttbridge',
  });
});

test('a pod has more time to end than its agent takes to drain', () => {
  expect(TERMINATION_GRACE_S * 1000).toBeGreaterThan(STOP_DEADLINE_MS + 5_000);
});
