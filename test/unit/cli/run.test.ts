import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { AgentInput } from '../../../cli/agent-port.ts';
import { type RunOptions, runCommand } from '../../../cli/run.ts';
import { UsageError } from '../../../cli/usage-error.ts';
import { eventually } from '../../support/eventually.ts';
import { snapshotOf } from '../agent/observe/snapshot-of.ts';
import { type FakeIo, fakeIo } from './fake-io.ts';
import { BROKEN, folderOf, SAMPLE } from './sample-config.ts';

/** An agent that notes what it is told and takes its configuration updates. */
function fakeAgent() {
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const stop = vi.fn<(deadlineMs: number) => Promise<void>>(async () => closed.resolve());
  const started = vi.fn<() => void>();
  const inputs: AgentInput[] = [];
  const create = (input: AgentInput) => {
    inputs.push(input);
    return { start: started, stop, snapshot: () => snapshotOf(), ready: ready.promise, closed: closed.promise };
  };
  return { create, inputs, ready, closed, stop, started };
}

async function optionsFor(text: string, changes: Partial<RunOptions> = {}): Promise<RunOptions> {
  const folder = await folderOf({ 'bridge.yaml': text });
  return {
    filename: [folder],
    http: { host: '127.0.0.1', port: 0 },
    secretsDir: '/secrets',
    configmapsDir: '/configmaps',
    data: '/data',
    ...changes,
  };
}

const logOf = (io: FakeIo) =>
  io
    .err()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('run', () => {
  test.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('on %s stops the agent and exits %i', async (signal, code) => {
    const agent = fakeAgent();
    const io = fakeIo();
    const running = runCommand(await optionsFor(SAMPLE), io, agent.create);
    await eventually(() => agent.started.mock.calls.length === 1);
    io.signal(signal);
    expect(await running).toBe(code);
    expect(agent.stop.mock.calls[0]?.[0]).toBeLessThan(20_000);
    expect(logOf(io).at(-1)).toMatchObject({ evt: 'Stopped', signal });
    expect(io.out()).toBe('');
  });

  test('stops at the end of standard input where it is told to', async () => {
    const agent = fakeAgent();
    const io = fakeIo();
    expect(await runCommand(await optionsFor(SAMPLE, { untilEof: true }), io, agent.create)).toBe(0);
    expect(agent.stop.mock.calls).toHaveLength(1);
    expect(logOf(io).at(-1)).toMatchObject({ evt: 'Stopped', signal: 'EOF' });
  });

  test('ends at once on a second signal', async () => {
    const agent = fakeAgent();
    agent.stop.mockReturnValue(new Promise(() => undefined));
    const io = fakeIo();
    const running = runCommand(await optionsFor(SAMPLE), io, agent.create);
    await eventually(() => agent.started.mock.calls.length === 1);
    io.signal('SIGINT');
    io.signal('SIGINT');
    expect(await running).toBe(130);
  });

  test('prints every problem and starts nothing when the configuration is invalid', async () => {
    const agent = fakeAgent();
    const io = fakeIo();
    expect(await runCommand(await optionsFor(BROKEN), io, agent.create)).toBe(2);
    expect(io.err()).toMatch(/bridge\.yaml:26:13 {2}error {2}TM004 {2}spec\.routes\[0\]\.target: .*\n {2}try: /);
    expect(agent.inputs).toEqual([]);
  });

  test('refuses an environment that switches certificate checks off', async () => {
    const agent = fakeAgent();
    const io = fakeIo({ env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
    await expect(runCommand(await optionsFor(SAMPLE), io, agent.create)).rejects.toThrow(UsageError);
    expect(agent.inputs).toEqual([]);
  });

  test('exits 1 when the agent ends by itself', async () => {
    const agent = fakeAgent();
    const io = fakeIo();
    const running = runCommand(await optionsFor(SAMPLE), io, agent.create);
    agent.closed.resolve();
    expect(await running).toBe(1);
    expect(logOf(io).at(-1)).toMatchObject({ level: 'error', evt: 'AgentClosed' });
  });

  test('does not start the agent when the address of the probes is taken', async () => {
    const first = fakeAgent();
    const io = fakeIo();
    const running = runCommand(await optionsFor(SAMPLE), io, first.create);
    await eventually(() => first.started.mock.calls.length === 1);
    const port = Number(String(logOf(io)[0]?.['http']).split(':')[1]);

    const second = fakeAgent();
    const other = fakeIo();
    const options = await optionsFor(SAMPLE, { http: { host: '127.0.0.1', port } });
    expect(await runCommand(options, other, second.create)).toBe(1);
    expect(logOf(other)[0]).toMatchObject({ evt: 'ProbesNotListening', error: { code: 'EADDRINUSE' } });
    expect(second.started).not.toHaveBeenCalled();
    io.signal('SIGTERM');
    await running;
  });

  test('writes the --once-ready file when the lanes are ready and not before', async () => {
    const agent = fakeAgent();
    const io = fakeIo();
    const file = join(await folderOf({}), 'ready.json');
    const running = runCommand(await optionsFor(SAMPLE, { onceReady: file }), io, agent.create);
    await eventually(() => agent.started.mock.calls.length === 1);
    await expect(access(file)).rejects.toThrow('ENOENT');
    agent.ready.resolve();
    const text = await eventually(() => readFile(file, 'utf8'));
    const { http } = JSON.parse(text) as { http: string };
    expect((await fetch(`http://${http}/readyz`)).status).toBe(200);
    io.signal('SIGTERM');
    await running;
    await expect(fetch(`http://${http}/readyz`)).rejects.toThrow('fetch failed');
  });

  test('hands folders, slot and version on, and sets the log level of the document', async () => {
    const agent = fakeAgent();
    const io = fakeIo();
    const text = SAMPLE.replace('protocol: v5', 'protocol: v5\n  logLevel: debug');
    const running = runCommand(await optionsFor(text, { instance: 2 }), io, agent.create);
    await eventually(() => agent.started.mock.calls.length === 1);
    const [input] = agent.inputs;
    expect(input).toMatchObject({ secretsDir: '/secrets', configmapsDir: '/configmaps', instance: 2 });
    input?.logger.debug({ evt: 'Seen' });
    input?.logger.trace({ evt: 'Unseen' });
    expect(logOf(io).map((line) => line['evt'])).toEqual(['ProbesListening', 'Seen']);
    io.signal('SIGTERM');
    await running;
  });
});
