import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openConfig } from '../../../cli/open-config.ts';
import { UsageError } from '../../../cli/usage-error.ts';
import { SILENT } from '../../support/silent-logger.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { snapshotOf } from '../agent/observe/snapshot-of.ts';
import { fakeIo } from './fake-io.ts';

const ORIGIN = { kind: 'kubernetes', connector: 'bridge', dataDir: '/data' } as const;

/** A kubeconfig whose context has a namespace, or none. */
async function kubeconfigOf(context: { readonly namespace?: string }): Promise<string> {
  const path = join(await createTempDir({ onTestFinished }, 'kubeconfig'), 'config');
  const text = stringify({
    'current-context': 'c',
    clusters: [{ name: 'k', cluster: { server: 'https://api.test:6443/' } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', ...context } }],
  });
  await writeFile(path, text);
  return path;
}

describe('a configuration from the API server', () => {
  test.each([
    ['that which is asked for', { namespace: 'theirs' }, { namespace: 'ours' }, 'ours'],
    ['that of the kubeconfig', { namespace: 'theirs' }, {}, 'theirs'],
    ['default', {}, {}, 'default'],
  ])('is looked for in a namespace: %s', async (_, context, asked, namespace) => {
    const kubeconfig = await kubeconfigOf(context);
    const config = await openConfig({ ...ORIGIN, ...asked, kubeconfig }, { io: fakeIo() });
    const source = config?.createSource({ logger: SILENT, snapshot: () => snapshotOf() });
    expect(source?.snapshot?.()).toMatchObject({ apiServer: { url: 'https://api.test:6443', namespace, up: false } });
  });

  test.each([
    ['outside of a pod', {}, /this is no pod of a cluster/],
    ['with a kubeconfig that is not there', { kubeconfig: '/nowhere' }, /\/nowhere/],
  ])('cannot be opened %s', async (_, changes, message) => {
    const opened = openConfig({ ...ORIGIN, ...changes }, { io: fakeIo() });
    await expect(opened).rejects.toThrow(UsageError);
    await expect(opened).rejects.toThrow(message);
  });
});
