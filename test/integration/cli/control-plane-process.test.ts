import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { EXIT } from '../../../cli/exit-code.ts';
import { startChild } from '../../support/child.ts';
import { type ControlPlaneProcess, startControlPlane } from '../../support/control-plane-process.ts';
import { eventually } from '../../support/eventually.ts';
import { createScope } from '../../support/scope.ts';
import { BROKEN, folderOf, SAMPLE } from '../../unit/cli/sample-config.ts';

const ENTRY = resolve(import.meta.dirname, '../../../cli/main.ts');

// One line for each exit code that docs/reference/cli.md explains; 130 has a test of its own.
const LINES = {
  ok: 'diff -f good.yaml',
  runtime: 'health bridge',
  usage: 'apply -f broken.yaml',
  notFound: 'describe connector none',
  timeout: 'wait bridge --for condition=Ready --timeout 0.1s',
};

const scope = createScope();
let controlPlane: ControlPlaneProcess;

beforeAll(async () => {
  controlPlane = await startControlPlane(scope);
  return () => scope.close();
});

interface Line {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** A folder with good.yaml and broken.yaml, and an environment that leads to a site of its own. */
async function startSite(): Promise<Line> {
  const cwd = await folderOf({ 'good.yaml': SAMPLE, 'broken.yaml': BROKEN });
  const env = {
    PATH: process.env['PATH'] ?? '',
    MQTTBRIDGE_SERVER: controlPlane.url,
    MQTTBRIDGE_SITE: `site-${crypto.randomUUID().slice(0, 8)}`,
    MQTTBRIDGE_KEY_FILE: controlPlane.adminKeyFile,
  };
  return { cwd, env };
}

async function shell(script: string, site: Line) {
  const prelude = `mqttbridge() { "${process.execPath}" "${ENTRY}" "$@"; }\n`;
  const child = await startChild('sh', ['-c', prelude + script], { ...site });
  const { code } = await child.exit;
  expect(child.stdout() + child.stderr()).not.toContain(controlPlane.adminKey);
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

describe('the command line against a control plane that runs', () => {
  test('exits with the codes that are documented', async () => {
    const lines = Object.values(LINES).map((line) => `mqttbridge ${line} > /dev/null; echo $?`);
    const { stdout, stderr } = await shell(
      ['mqttbridge apply -f good.yaml > /dev/null', ...lines].join('\n'),
      await startSite(),
    );
    expect(stdout.trim().split('\n').map(Number), stderr).toEqual(
      Object.keys(LINES).map((name) => EXIT[name as keyof typeof LINES]),
    );
  });

  test('copies the definitions of one site to another', async () => {
    const copy = 'mqttbridge get -o yaml | mqttbridge apply -f - --site copy';
    const { stdout, stderr } = await shell(
      `mqttbridge apply -f good.yaml -o name; ${copy}; ${copy}`,
      await startSite(),
    );
    const words = ['', ' created', ' unchanged'];
    expect(stderr).toBe('');
    expect(stdout).toBe(
      words.map((word) => `mqttbridgeconnector/bridge${word}\nmqttbridgetopicmap/bridge-map${word}\n`).join(''),
    );
  });

  test('watches, prints what changes, and exits 130 at Ctrl-C', async () => {
    const site = await startSite();
    await shell('mqttbridge apply -f good.yaml', site);
    const child = await startChild(process.execPath, [ENTRY, 'get', 'mbtm', '-w', '--interval', '0.1'], { ...site });
    onTestFinished(async () => void (await child.end('SIGKILL')));
    await eventually(() => /^bridge-map +bridge +1 /m.test(child.stdout()));
    const route = '  - { direction: remote-to-local, name: down, source: commands/# }\n';
    await writeFile(join(site.cwd, 'good.yaml'), `${SAMPLE}${route}`);
    expect((await shell('mqttbridge apply -f good.yaml', site)).stdout).toContain('bridge-map configured');
    await eventually(() => /^bridge-map +bridge +2 /m.test(child.stdout()));
    expect(await child.end('SIGINT')).toEqual({ code: EXIT.interrupted, signal: null });
    expect(child.stderr()).toBe('');
  });

  test('tells of a changed definition when the site was judged', async () => {
    const site = await startSite();
    await shell('mqttbridge apply -f good.yaml', site);
    const child = await startChild(process.execPath, [ENTRY, 'events', '-w', '-o', 'json', '--interval', '0.1'], {
      ...site,
    });
    onTestFinished(async () => void (await child.end('SIGKILL')));
    await eventually(() => child.stdout().includes('\n'));
    expect(JSON.parse(child.stdout().split('\n')[0] ?? '')).toMatchObject({
      type: 'DefinitionChanged',
      connector: 'bridge',
    });
  });
});
