import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../../../cli/io.ts';
import { runCli } from '../../../cli/program.ts';
import { createControlPlaneDouble } from '../../support/control-plane-double.ts';
import { createScope } from '../../support/scope.ts';
import { unknownConnector } from '../../support/site-double.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { snapshotOf } from '../../unit/agent/observe/snapshot-of.ts';
import { fakeIo, type FakeIo } from '../../unit/cli/fake-io.ts';
import { collectBlocks, listPages, readPage, ROOT } from './pages.ts';

const scope = createScope();
let folder = '';

beforeAll(async () => {
  folder = join(await createTempDir(scope, 'guide'), 'my-bridge');
  await mkdir(folder);
  for (const { text, marks } of await collectBlocks('yaml')) {
    const path = marks.get('file');
    if (path !== undefined) await writeFile(join(folder, '..', path), text);
  }
  return () => scope.close();
});

interface Line {
  readonly where: string;
  readonly argv: readonly string[];
}

/** Every `mqttbridge …` command line in the blocks of all pages. */
async function commandLines(): Promise<Line[]> {
  const blocks = await collectBlocks('sh');
  return blocks.flatMap(({ where, text }) =>
    text.split('\n').flatMap((line) => {
      const words = /^(?:npx )?mqttbridge (.*)$/.exec(line.split(' #')[0] ?? '')?.[1];
      return words === undefined ? [] : [{ where: `${where} ${words.trim()}`, argv: words.trim().split(/\s+/) }];
    }),
  );
}

/** The paths of the pages are those of the guide's bridge or of this repository. */
function atHome(argv: readonly string[]): string[] {
  return argv.map((word, index) => {
    if (argv[index - 1] !== '-f' || word === '-') return word;
    return word.startsWith('my-bridge') ? folder : join(ROOT, word);
  });
}

/** An agent that starts nothing; `start` asks for the end of the command that runs it. */
function idleAgent(io: FakeIo) {
  const closed = Promise.withResolvers<void>();
  return {
    start: () => void setImmediate(() => io.signal('SIGTERM')),
    stop: async () => closed.resolve(),
    snapshot: () => snapshotOf(),
    ready: new Promise<void>(() => undefined),
    closed: closed.promise,
  };
}

/** A control plane where the guide's bridge works, and the variables that lead there. */
const double = createControlPlaneDouble();

async function surroundings(): Promise<Environment> {
  const keyFile = join(folder, '..', 'admin.key');
  await writeFile(keyFile, double.key);
  const judged = { verdict: 'Healthy', judgedAt: new Date().toISOString() } as const;
  double.health = { ...double.health, ...judged };
  double.connectorHealth.set('my-bridge', { ...unknownConnector(double.site, 'my-bridge'), ...judged });
  return { MQTTBRIDGE_SERVER: 'http://127.0.0.1:7071', MQTTBRIDGE_SITE: double.site, MQTTBRIDGE_KEY_FILE: keyFile };
}

const lines = await commandLines();

describe('command lines on the pages', () => {
  test('there are some on the README and on the guide', () => {
    expect(lines.filter(({ where }) => where.startsWith('README.md')).length).toBeGreaterThanOrEqual(3);
    expect(lines.filter(({ where }) => where.startsWith('docs/guide.md')).length).toBeGreaterThanOrEqual(5);
  });

  test.for(lines.map((line) => [line.where, line] as const))('%s', async ([, { argv }]) => {
    const io = fakeIo({ env: await surroundings(), fetch: double.fetch });
    const [command] = argv;
    // What these serve and write is shown elsewhere; here the line need only be understood.
    const understood = command === 'control-plane' || command === 'support-bundle';
    const more = command === 'run' ? ['--http', '127.0.0.1:0'] : understood ? ['--help'] : [];
    const code = await runCli([...atHome(argv), ...more], io, async () => () => idleAgent(io));
    // No broker runs here, which is what `check` is for; `diff` finds differences.
    expect(command === 'check' || command === 'diff' ? [0, 1] : [0], io.err()).toContain(code);
  });
});

test('the guide says what explain answers', async () => {
  const io = fakeIo();
  const argv = ['explain', '-f', folder, '--topic', 'telemetry/furnace/1', '-o', 'json'];
  expect(await runCli(argv, io, () => Promise.reject(new Error('no agent')))).toBe(0);
  expect(io.out()).toContain('site-1/telemetry/furnace/1');
});

async function helpOf(...command: string[]): Promise<string> {
  const io = fakeIo();
  await runCli([...command, '--help'], io, () => Promise.reject(new Error('no agent')));
  return io.out();
}

test('every option named on a page is one of the program', async () => {
  const helps = await Promise.all(
    [...(await helpOf()).matchAll(/^ {2}([a-z-]+) /gm), ['', 'control-plane run']].map(async ([, command = '']) =>
      helpOf(...command.split(' ')),
    ),
  );
  const known = new Set(helps.join('\n').match(/--[a-z-]+/g));
  const foreign = new Set(['--help', '--version']);
  for (const name of await listPages()) {
    // Other programs have options of their own.
    const text = (await readPage(name)).replace(/^(?:(?:az|kubectl|docker|helm) .*|.*\bcurl .*)$/gm, '');
    for (const [, option = ''] of text.matchAll(/[`\s](--[a-z][a-z-]+)/g)) {
      if (!foreign.has(option)) expect([name, [...known]]).toEqual([name, expect.arrayContaining([option])]);
    }
  }
});
