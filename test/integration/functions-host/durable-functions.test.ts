import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createDurableEngine } from '../../../local/functions-host/durable/engine.ts';
import { eventually } from '../../support/eventually.ts';
import { startSample } from './start-sample.ts';

test('an orchestration is started by a function, runs by the engine, and tells its result over HTTP', async () => {
  const host = await startSample(
    { onTestFinished },
    {
      engine: (parts) =>
        createDurableEngine({ ...parts, file: join(parts.dataDir, 'durable.sqlite'), uuid: randomUUID }),
    },
  );
  const response = await fetch(`${host.url}/api/twice/t1`, { method: 'POST', body: '4' });
  expect(response.status).toBe(202);
  const { links } = (await response.json()) as { links: { statusQueryGetUri: string } };
  expect(links.statusQueryGetUri).toMatch(`${host.url}/`);
  await eventually(async () => {
    const status: unknown = await (await fetch(links.statusQueryGetUri)).json();
    expect(status).toMatchObject({ name: 'twice', instanceId: 't1', runtimeStatus: 'Completed', input: 4, output: 8 });
    return true;
  });
  await host.stop();
});
