import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Child, startChild } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const CHILD = fileURLToPath(new URL('durable-child.ts', import.meta.url));
const STEPS = 60;
const LIVES = 4;

function stepsOf(child: Child): number[] {
  return [...child.stdout().matchAll(/^ran (\d+)$/gm)].map(([, step]) => Number(step));
}

test('a host process that is killed again and again runs each step and counts each once', async (t) => {
  const file = join(await createTempDir(t, 'durable-process'), 'hub.db');
  const ran: number[] = [];
  for (let life = 0; life < LIVES; life++) {
    const child = await startChild(process.execPath, [CHILD, file]);
    await eventually(() => stepsOf(child).length >= 7 + 3 * life, { describe: child.stderr });
    await child.end('SIGKILL');
    ran.push(...stepsOf(child));
  }
  const last = await startChild(process.execPath, [CHILD, file]);
  await last.exit;
  ran.push(...stepsOf(last));
  const steps = Array.from({ length: STEPS }, (_, step) => step);
  expect([...new Set(ran)]).toEqual(steps);
  // One activity runs at a time, so each kill can make one step run again.
  expect(ran.length - STEPS).toBeLessThanOrEqual(LIVES);
  expect(last.stdout()).toContain(`"output":${JSON.stringify(steps)}`);
  expect(last.stdout()).toContain(`counted 200 ${STEPS}\n`);
});
