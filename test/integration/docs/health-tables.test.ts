import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settingsSchema } from '../../../functions/wiring/settings.ts';
import { verdictSchema } from '../../../shared/api/health.ts';
import { EVENTS_PER_HOUR } from '../../../shared/health/changes.ts';
import { REST_INTERVALS } from '../../../shared/health/wake.ts';
import { readPage, ROOT, tableUnder } from './pages.ts';

const page = await readPage('docs/control-plane.md');

/** First cells, without the head rows of tables that follow. */
const firstCells = (heading: string) => tableUnder(page, heading).map(([cell = '']) => cell);

test('verdicts and numbers of health are those of the code', () => {
  const cells = firstCells('## Health and alerts');
  expect(cells.filter((cell) => /^[A-Z]\w+$/.test(cell) && cell !== 'What').sort()).toEqual(
    [...verdictSchema.options].sort(),
  );
  const numbers = new Map(tableUnder(page, '## Health and alerts').map(([what, value]) => [what, value]));
  const mostPerDay = 86_400 / (settingsSchema.parse({}).MQTTBRIDGE_REPORT_INTERVAL_SECONDS * REST_INTERVALS);
  expect(numbers.get('Judgements per site and day, reports each 30 s')).toContain(mostPerDay.toLocaleString('en-US'));
  expect(numbers.get("Changes of a connector's verdict on the time line")).toBe(`${EVENTS_PER_HOUR.verdicts} per hour`);
  expect(numbers.get('Other entries of a connector')).toContain(`${EVENTS_PER_HOUR.others} per hour`);
  expect(page).toContain(
    `${settingsSchema.parse({}).MQTTBRIDGE_RECOVER_AFTER_SECONDS} s (\`MQTTBRIDGE_RECOVER_AFTER_SECONDS\`)`,
  );
});

test('alerts and log events of health are those of the code', async () => {
  const source = async (path: string) => readFile(join(ROOT, path), 'utf8');
  const types = (await source('shared/health/state.ts')).matchAll(/'(MqttBridge\.\w+\.\w+)'/g);
  expect(firstCells('### Alerts').sort()).toEqual([...types].map(([, type = '']) => type).sort());
  const folders = ['functions/durable', 'functions/signals'];
  const files = await Promise.all(
    folders.map(async (folder) => (await readdir(join(ROOT, folder))).map((name) => source(`${folder}/${name}`))),
  );
  const text = (await Promise.all(files.flat())).join('\n');
  const logged = new Set([...text.matchAll(/log\?\.\('(\w+)'/g)].map(([, event = '']) => event));
  expect(firstCells('### What health logs').sort()).toEqual([...logged].sort());
});
