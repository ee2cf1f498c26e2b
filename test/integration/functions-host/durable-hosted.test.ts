import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDurableEngine } from '../../../local/functions-host/durable/engine.ts';
import { eventually } from '../../support/eventually.ts';
import { startSample } from './start-sample.ts';

test('an app on the host starts an orchestration, and its links lead to the result', async (t) => {
  const { url } = await startSample(t, {
    engine: (parts) => createDurableEngine({ ...parts, file: join(parts.dataDir, 'durable.db'), uuid: randomUUID }),
  });
  const started = await fetch(`${url}/api/twice/first`, { method: 'POST', body: '21' });
  const { links } = (await started.json()) as { links: Record<string, string> };
  const status = await eventually(async () => {
    const answer = await fetch(links['statusQueryGetUri'] ?? '');
    return answer.status === 200 ? ((await answer.json()) as { output: unknown }) : undefined;
  });
  expect(status).toMatchObject({ name: 'twice', instanceId: 'first', runtimeStatus: 'Completed', output: 42 });
  const unlocked = new URL(links['statusQueryGetUri'] ?? '');
  unlocked.searchParams.delete('code');
  expect((await fetch(unlocked)).status).toBe(401);
});
