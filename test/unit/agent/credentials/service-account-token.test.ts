import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMountedFiles } from '../../../../agent/config/mounted-files.ts';
import type { EnhancedLogOn } from '../../../../agent/session/credentials/renewals.ts';
import { createServiceAccountToken } from '../../../../agent/session/credentials/service-account-token.ts';
import { SYSTEM_WALL_CLOCK } from '../../../../agent/session/credentials/wall-clock.ts';
import { createManualClock } from '../../../integration/broker/support/manual-clock.ts';
import { eventually } from '../../../support/eventually.ts';
import { mount } from '../../../support/mounted.ts';
import type { Scope } from '../../../support/scope.ts';
import { createTempDir } from '../../../support/temp-dir.ts';

async function setUp(scope: Scope, clock = SYSTEM_WALL_CLOCK) {
  const dir = await createTempDir(scope, 'tokens');
  const secretPath = join(dir, 'sat');
  const token = createServiceAccountToken(
    { secretPath, serviceAccountTokenName: 'sat' },
    createMountedFiles({}),
    clock,
  );
  const seen: string[] = [];
  const follow = (used: EnhancedLogOn | undefined) => {
    if (used === undefined) throw new Error('no token');
    scope.onTestFinished(token.follow(used, ({ data }) => void seen.push(data.toString())));
  };
  return { dir, secretPath, token, seen, follow };
}

test('a token is taken when Kubernetes swaps it, and only when its bytes changed', async (t) => {
  const { dir, token, seen, follow } = await setUp(t);
  const folder = await mount(dir, 'sat', { sat: 'one' });
  follow((await token.load()).enhanced);
  await folder.update({ sat: 'two\n' });
  await eventually(() => seen.length === 1);
  await folder.update({ sat: 'two' });
  await folder.update({ sat: '' });
  await folder.update({ other: 'x' });
  await folder.update({ sat: 'three' });
  await eventually(() => seen.length === 2);
  expect(seen).toEqual(['two', 'three']);
});

test('a folder that is not there to be watched is looked at again', async (t) => {
  const clock = createManualClock();
  const { dir, secretPath, token, seen, follow } = await setUp(t, clock);
  const elsewhere = await mount(dir, 'elsewhere', { sat: 'one' });
  const first = createServiceAccountToken(
    { secretPath: elsewhere.path, serviceAccountTokenName: 'sat' },
    createMountedFiles({}),
    clock,
  );
  follow((await first.load()).enhanced);
  await mkdir(secretPath);
  await writeFile(join(secretPath, 'sat'), 'two');
  clock.advance(30_000);
  await eventually(() => seen.length === 1);
  expect(seen).toEqual(['two']);
  expect(token.token()).toBeUndefined();
});

test('a token that is a JSON Web Token tells when it ends', async (t) => {
  const { dir, token } = await setUp(t);
  const claims = Buffer.from(JSON.stringify({ exp: 1_700_000_000 })).toString('base64url');
  await mount(dir, 'sat', { sat: `head.${claims}.signature` });
  await token.load();
  expect(token.token()).toEqual({ method: 'K8S-SAT', expiresAt: 1_700_000_000 });
});
