import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { hashSecret, newSecret } from '../../../functions/auth/api-key.ts';
import { createDurableEngine } from '../../../local/functions-host/durable/engine.ts';
import { createFunctionsHost } from '../../../local/functions-host/host.ts';
import { startAzurite } from '../../support/azurite.ts';
import { fuzzControlPlane } from '../../support/control-plane-fuzz.ts';
import { eventually } from '../../support/eventually.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { ROOT } from '../docs/pages.ts';
import { recordingLogger } from '../functions-host/recording-logger.ts';
import { clientOf, type PlaneClient, startPlane } from './plane.ts';
import { walkAllOperations } from './walk.ts';

/** The app as it is built, on the local host, with its data in Azure Tables: what `func start` would have. */
async function startOnTables() {
  const scope = { onTestFinished };
  const { connectionString } = await startAzurite(scope);
  const data = await createTempDir(scope, 'tables');
  const adminKey = newSecret();
  const written: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const setEnvironment = (variables: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  };
  setEnvironment({
    MQTTBRIDGE_TABLES_CONNECTION_STRING: connectionString,
    MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(adminKey),
    MQTTBRIDGE_REPORT_INTERVAL_SECONDS: '1',
    MQTTBRIDGE_REQUESTS_PER_SECOND: '100000',
  });
  const logger = recordingLogger();
  const host = await createFunctionsHost({
    appDir: ROOT,
    dataDir: data,
    logger,
    setEnvironment,
    engine: ({ dataDir, ...parts }) =>
      createDurableEngine({ ...parts, file: join(dataDir, 'durable.sqlite'), uuid: randomUUID }),
  }).start();
  onTestFinished(async () => {
    await host.stop(2000);
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  const log = () => written.join('') + JSON.stringify(logger.lines);
  const address = { url: host.url, adminKey, data };
  return { ...address, ...clientOf(address), log };
}

test('every operation works over HTTP with the embedded store and the durable engine', async (t) => {
  const plane = await startPlane(t, { args: ['--report-interval', '1'] });
  await walkAllOperations(plane);
  await expectEnded(plane);
  expect(plane.process.stderr()).not.toMatch(/Failed|failed|"level":"error"/);
});

test('every operation works over HTTP with Azure Tables and the durable engine, and keeps its promises whatever it is sent', {
  timeout: 60_000,
}, async () => {
  const plane = await startOnTables();
  await walkAllOperations(plane);
  await expectEnded(plane);
  const agentKey = await plane.keyOf('fuzz', 'Bridge.Agent');
  const seed = Date.now() % 2 ** 31;
  const report = await fuzzControlPlane(
    async ({ method, path, headers, body }) => {
      const answer = await fetch(`${plane.url}${path}`, { method, headers, body: body ?? null });
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
    },
    (role) => `Bearer ${role === 'Bridge.Agent' ? agentKey : plane.adminKey}`,
    { runs: 3, seed },
  );
  expect(report.failures.slice(0, 5), `seed ${seed}`).toEqual([]);
  expect(plane.log()).not.toMatch(/Failed|failed|"level":"error"/);
});

/** The orchestration of the removed site has noticed. */
async function expectEnded(plane: PlaneClient): Promise<void> {
  await eventually(async () => {
    expect(await plane.orchestrations('plant')).toMatchObject([{ runtimeStatus: 'Completed' }]);
    return true;
  });
}
