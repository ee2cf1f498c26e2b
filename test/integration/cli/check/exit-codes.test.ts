import { beforeAll, describe, expect, test } from 'vitest';
import { EXIT } from '../../../../cli/exit-code.ts';
import { bridgeYaml, inward, outward } from '../../../support/bridge-config.ts';
import { eventually } from '../../../support/eventually.ts';
import { freePort } from '../../../support/free-port.ts';
import { startRawBroker } from '../../../support/raw-broker.ts';
import { createScope } from '../../../support/scope.ts';
import { startEmbedded } from '../../../support/test-broker.ts';
import { BROKEN, folderOf } from '../../../unit/cli/sample-config.ts';
import { execute, start } from './run-check.ts';

const ROUTES = [outward('up', 'up/#'), inward('down', 'down/#')];
const scope = createScope();
const ports = { local: 0, remote: 0, closed: 0 };

beforeAll(async () => {
  ports.local = (await startEmbedded(scope)).port;
  ports.remote = (await startEmbedded(scope)).port;
  ports.closed = await freePort();
  return () => scope.close();
});

/** Files by name: a bridge where all is well, one with warnings, one whose remote side is away, and one that is not valid. */
const YAML = {
  good: () => bridgeYaml({ ...ports, routes: ROUTES }),
  doubtful: () => bridgeYaml({ ...ports, routes: ROUTES, spec: { protocol: 'v3' } }),
  away: () => bridgeYaml({ local: ports.local, remote: ports.closed, routes: ROUTES }),
  broken: () => BROKEN,
};

describe('exit codes of check', () => {
  test.each([
    ['good', [], {}, EXIT.ok, /^\d+ ok, 0 to look at, 0 failed, \d+ skipped$/m],
    ['good', ['--warnings-as-errors', '--resource-name', 'bri*'], {}, EXIT.ok, /ok/],
    ['doubtful', [], {}, EXIT.ok, /^\d+ ok, [1-9]\d* to look at, 0 failed/m],
    ['doubtful', ['--warnings-as-errors'], {}, EXIT.runtime, /^ {2}\[warn\] loops/m],
    ['away', [], {}, EXIT.runtime, /^ {2}\[fail\] tcp .*\n {11}try: /m],
    ['broken', [], {}, EXIT.usage, /^ {2}\[fail\] configuration .*spec\.routes\[0\]\.target.*\n {11}try: /m],
    ['good', ['--probe-topic', 'a/#'], {}, EXIT.usage, /"a\/#" is not a topic/],
    ['good', ['--detail-level', '3'], {}, EXIT.usage, /"3" is not a detail level/],
    ['good', ['--namespace-id', 'ns'], {}, EXIT.usage, /"ns" is not the resource ID/],
    ['good', ['--management-endpoint', 'http://localhost'], {}, EXIT.usage, /is not a URL of https/],
    ['good', ['--source-queue', 'long'], {}, EXIT.usage, /"long" is not a number of messages/],
    ['good', [], { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, EXIT.usage, /NODE_TLS_REJECT_UNAUTHORIZED/],
    ['good', ['--connector', 'other'], {}, EXIT.notFound, /try: one of bridge/],
    ['good', ['--resource-name', 'other-*'], {}, EXIT.notFound, /no connector has that name/],
  ] as const)('%s %j %j exits %i', async (name, args, env, code, says) => {
    const folder = await folderOf({ 'bridge.yaml': YAML[name]() });
    const checked = await execute(folder, { args: ['--source-queue', '1000', ...args], env });
    expect({ ...checked, all: checked.stdout + checked.stderr }).toMatchObject({
      code,
      all: expect.stringMatching(says) as string,
    });
  });

  test('Ctrl-C exits 130 and prints no half of a report', async (context) => {
    const silent = await startRawBroker(context, { answer: () => 'silence' });
    const yaml = bridgeYaml({ local: silent.port, remote: ports.remote, routes: ROUTES });
    const child = await start(await folderOf({ 'bridge.yaml': yaml }));
    await eventually(() => silent.connections.some(({ count }) => count('connect') > 0));
    expect(await child.end('SIGINT')).toEqual({ code: EXIT.interrupted, signal: null });
    expect(child.stdout()).toBe('');
  });
});
