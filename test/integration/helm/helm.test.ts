import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type Installation, objectsOf } from '../../support/helm/chart.ts';
import { canonical, type KubeObject } from '../../support/kubernetes/api-server/object.ts';
import type { Scope } from '../../support/scope.ts';
import { isInstalled } from '../../support/installed-tool.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { CHART, configOf, installation, MATRIX, openChart } from './matrix.ts';

const run = promisify(execFile);
const chart = await openChart();
// Helm without a cluster takes the version that it was built against, which may be older than what the chart needs.
const KUBERNETES = '--kube-version=1.34.0';

const installed = isInstalled('helm', 'version');

async function helm(scope: Scope, verb: readonly string[], { values = {}, namespace = 'bridges' }: Installation) {
  const folder = await createTempDir(scope, 'helm');
  const file = join(folder, 'values.json');
  await writeFile(file, JSON.stringify(values));
  const env = { ...process.env, HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder };
  return run('helm', [...verb, '-f', file, '-n', namespace, KUBERNETES], { env, maxBuffer: 2 ** 24 });
}

/** Objects in an order of their own; the operator's configuration as what it says, since layouts of YAML differ. */
function comparable(objects: readonly KubeObject[]): string[] {
  return objects
    .map((object) =>
      canonical(
        object.metadata.name.endsWith('-operator-config') ? { ...object, data: configOf(object['data']) } : object,
      ),
    )
    .sort();
}

const by = installed
  ? 'the same objects as Helm itself'
  : 'at least one object, not compared with Helm since it is not installed';

test.for(Object.keys(MATRIX))(`the chart with %s makes ${by}`, async (name, t) => {
  const ours = chart.render(installation(name)).objects;
  expect(ours.length).toBeGreaterThan(0);
  if (!installed) return;
  const { stdout } = await helm(t, ['template', installation(name).release ?? 'mqttbridge', CHART], installation(name));
  expect(comparable(ours)).toEqual(comparable(objectsOf(name, stdout)));
});

if (installed) {
  test('Helm finds nothing to complain about', async (t) => {
    for (const name of ['nothing said', 'an Arc extension with connectors']) {
      expect((await helm(t, ['lint', '--strict', CHART], installation(name))).stdout).toContain('0 chart(s) failed');
    }
  });

  test.for([
    [{ colour: 'red' }, 'colour'],
    [{ definition: { controlPlane: { url: 'https://a' } } }, 'definition.controlPlane.site'],
    [{ Azure: { Identity: { MSIAdapterYaml: 'image' } } }, 'must be the rest of a container'],
  ] as const)('Helm refuses %j', async ([values, message], t) => {
    await expect(helm(t, ['template', 'mqttbridge', CHART], { values })).rejects.toThrow(message);
  });
}
