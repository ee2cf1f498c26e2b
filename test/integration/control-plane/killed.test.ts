import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import type { HealthEvent } from '../../../shared/api/health.ts';
import type { ReportAnswer } from '../../../shared/api/report.ts';
import { validateConfig } from '../../../shared/config/validate.ts';
import { startChild } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { topicMapResource } from '../../support/resources.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { MARKED_RESOURCES, markedSite, marksOf } from './marked.ts';
import { createAgent, type Plane, type PlaneAgent, startPlane } from './plane.ts';

const ENTRY = resolve(import.meta.dirname, '../../../cli/main.ts');
const LIVES = 3;
const SITES = ['berlin', 'oslo'];

/** A site with what was asked of it. */
interface Worked {
  readonly site: string;
  readonly agents: PlaneAgent[];
  key: string;
  /** Mark of the last apply that was sent, and of the last that was answered. */
  attempted: number;
  answered: number;
}

/** Repeats something until the control plane is gone; it may fail only because of that. */
async function untilKilled(life: { over: boolean }, act: () => Promise<void>): Promise<void> {
  while (!life.over) {
    try {
      await act();
    } catch (error) {
      if (!life.over) throw error;
    }
  }
}

async function applyNext(plane: Plane, worked: Worked): Promise<void> {
  const mark = ++worked.attempted;
  const { status } = await plane.send(`POST /api/sites/${worked.site}/apply`, { body: markedSite(mark) });
  expect(status).toBe(200);
  worked.answered = mark;
  const invalid = [...markedSite(1_000_000), topicMapResource('broken', 'nowhere')];
  expect((await plane.send(`POST /api/sites/${worked.site}/apply`, { body: invalid })).status).toBe(422);
}

async function reportNext(plane: Plane, agent: PlaneAgent): Promise<void> {
  const answer = await agent.report(plane, { changed: true });
  expect(answer.superseded).toBeUndefined();
  expectWholeDocument(answer);
}

/** What agents are sent is of one apply and breaks no rule. */
function expectWholeDocument({ desired }: ReportAnswer): number | undefined {
  if (desired.kind !== 'document') return undefined;
  const files = desired.resources.map((resource, index) => ({ name: `${index}`, text: JSON.stringify(resource) }));
  expect(validateConfig(files).problems).toEqual([]);
  expect([desired.resources.length, marksOf(desired).length]).toEqual([MARKED_RESOURCES, 1]);
  return marksOf(desired)[0];
}

/** Everything that was answered is there, and nothing is half there. */
async function expectWholeSite(plane: Plane, { site, key, answered, attempted }: Worked): Promise<void> {
  const lists = await Promise.all(
    ['connectors', 'topicmaps'].map(async (name) => (await plane.send(`GET /api/sites/${site}/${name}`)).json.items),
  );
  const items = lists.flat();
  const marks = marksOf(items);
  expect([items.length, marks.length]).toEqual([MARKED_RESOURCES, 1]);
  expect(marks[0]).toBeGreaterThanOrEqual(answered);
  expect(marks[0]).toBeLessThanOrEqual(attempted);
  const newcomer = await createAgent(`${site}/agents/bridge/99`, key).report(plane);
  expect(newcomer.superseded ?? expectWholeDocument(newcomer)).toBe(newcomer.superseded ?? marks[0]);
}

async function begin(plane: Plane, site: string): Promise<Worked> {
  const key = await plane.keyOf(site, 'Bridge.Agent');
  const agents = [0, 1, 2].map((instance) => createAgent(`${site}/agents/bridge/${instance}`, key));
  return { site, key, agents, attempted: 0, answered: 0 };
}

/** Works until each site was applied some times, then kills the control plane while the next writes are under way. */
async function workAndKill(plane: Plane, sites: readonly Worked[], applies: number): Promise<void> {
  const life = { over: false };
  const goals = sites.map(({ answered }) => answered + applies);
  const work = sites.flatMap((worked) => [
    untilKilled(life, () => applyNext(plane, worked)),
    ...worked.agents.map((agent) => untilKilled(life, () => reportNext(plane, agent))),
  ]);
  const failed = Promise.all(work).then(() => true);
  const done = eventually(() => sites.every(({ answered }, index) => answered >= (goals[index] ?? 0)), {
    deadlineMs: 20_000,
  });
  await Promise.race([done, failed]);
  life.over = true;
  await plane.process.end('SIGKILL');
  await Promise.all(work);
}

async function expectOneWatch(plane: Plane, { site }: Worked): Promise<void> {
  expect(await plane.orchestrations(site)).toMatchObject([{ instanceId: `health-${site}`, runtimeStatus: 'Running' }]);
}

/** The orchestration goes on: it judges what is defined and reported now. */
async function expectJudged(plane: Plane, worked: Worked): Promise<void> {
  const { site, agents } = worked;
  await applyNext(plane, worked);
  const answer = await agents[0]?.report(plane, { changed: true });
  const revision = answer?.desired.kind === 'document' ? answer.desired.revision : undefined;
  expect(revision).toBeDefined();
  await agents[0]?.report(plane, { changed: true });
  await eventually(async () => {
    const { json } = await plane.send(`GET /api/sites/${site}/connectors/bridge/health`);
    expect(json).toMatchObject({ desiredRevision: revision, instances: [{ instance: '0', revision }, {}, {}, {}] });
    return true;
  });
}

test('killed again and again while it is written to, the control plane keeps what it answered and goes on', {
  timeout: 60_000,
}, async (t: TestContext) => {
  const data = await createTempDir(t, 'killed');
  const start = () => startPlane(t, { data, args: ['--report-interval', '1'] });
  let plane = await start();
  const sites = await Promise.all(SITES.map((site) => begin(plane, site)));
  for (let life = 0; life < LIVES; life++) {
    await workAndKill(plane, sites, 1 + life);
    plane = await start();
    for (const worked of sites) {
      await expectWholeSite(plane, worked);
      await expectOneWatch(plane, worked);
    }
  }
  for (const worked of sites) await expectJudged(plane, worked);
  for (const { site } of sites) {
    const { json } = await plane.send(`GET /api/sites/${site}/events?limit=500`);
    const defined = (json.items as unknown as HealthEvent[]).filter(({ type }) => type === 'DefinitionChanged');
    expect(new Set(defined.map(({ to }) => to)).size).toBe(defined.length);
  }
});

test('killed at any moment of its first start, the control plane starts the next time', async (t) => {
  const files = ['host.lock', 'admin.key', 'durable.sqlite', 'control-plane.sqlite'];
  await Promise.all(
    files.map(async (file) => {
      const data = await createTempDir(t, 'first-start');
      await killOnceThereIs(t, data, file);
      const plane = await startPlane(t, { data });
      const { status } = await plane.send('POST /api/sites/berlin/apply', { body: markedSite(1) });
      expect([file, status]).toEqual([file, 200]);
      await plane.process.end('SIGKILL');
    }),
  );
});

/** Starts a control plane and kills it as soon as a file of its data is there; it is asked for something, so that all are made. */
async function killOnceThereIs(scope: Scope, data: string, file: string): Promise<void> {
  const port = await freePort();
  const flags = ['--http', `127.0.0.1:${port}`, '--data', data];
  const child = await startChild(process.execPath, [ENTRY, 'control-plane', 'run', ...flags]);
  scope.onTestFinished(async () => void (await child.end('SIGKILL')));
  await eventually(
    () => {
      void fetch(`http://127.0.0.1:${port}/api/sites`).catch(() => undefined);
      return existsSync(join(data, file));
    },
    { deadlineMs: 20_000, describe: child.stderr },
  );
  await child.end('SIGKILL');
}
