import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startChild } from '../../support/child.ts';
import { folderOf, SAMPLE } from '../../unit/cli/sample-config.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

// A module that makes Node write the URL of every module it loads to standard error.
const NAME_LOADED = `data:text/javascript,${encodeURIComponent(
  'import { registerHooks } from "node:module"; registerHooks({ load(url, context, next) { process.stderr.write(url + "\\n"); return next(url, context); } });',
)}`;

async function shell(script: string) {
  const { PATH = '' } = process.env;
  // `mqttbridge` in a script is this checkout under the Node that runs the tests.
  const prelude = `mqttbridge() { "${process.execPath}" "${ROOT}/cli/main.ts" "$@"; }\n`;
  const child = await startChild('sh', ['-c', prelude + script], { cwd: ROOT, env: { PATH } });
  const { code } = await child.exit;
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

describe('mqttbridge as a process', () => {
  test('reads a pipe, writes data to stdout and the rest to stderr', async () => {
    const folder = await folderOf({ 'a.yaml': SAMPLE });
    const { code, stdout, stderr } = await shell(`cat ${folder}/a.yaml | mqttbridge validate -f - -o json`);
    expect([code, (JSON.parse(stdout) as { valid: boolean }).valid, stderr]).toEqual([0, true, '']);
  });

  test('writes long output whole into a pipe', async () => {
    const { stdout } = await shell('mqttbridge schema | cat');
    expect(JSON.parse(stdout)).toHaveProperty('oneOf');
  });

  test('ends quietly when nobody reads on', async () => {
    const { stdout, stderr } = await shell('mqttbridge schema | head -n 1');
    expect([stdout, stderr]).toEqual(['{\n', '']);
  });

  test('exits 2 for what it does not know', async () => {
    const { code, stdout, stderr } = await shell('mqttbridge nonsense');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain("unknown command 'nonsense'");
  });

  test('loads neither the agent nor a broker for commands that need none', async () => {
    const { stderr } = await shell(`mqttbridge_hooks='${NAME_LOADED}'
      "${process.execPath}" --import "$mqttbridge_hooks" cli/main.ts version`);
    const loaded = stderr.split('\n').map((url) => url.replace(pathToFileURL(ROOT).href, ''));
    expect(loaded).toContain('/cli/program.ts');
    expect(
      loaded.filter((url) => /^\/agent\/agent\.ts|^\/local\/|\/(?:mqtt|pino|zod|prom-client)\//.test(url)),
    ).toEqual([]);
  });
});
