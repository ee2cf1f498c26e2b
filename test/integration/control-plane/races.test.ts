import { beforeAll, describe, expect, test } from 'vitest';
import type { ApplyResult, ResourceList } from '../../../shared/api/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { connectorResource } from '../../support/resources.ts';
import { createScope } from '../../support/scope.ts';
import { markedSite, marksOf } from './marked.ts';
import { createAgent, type Plane, type PlaneAnswer, startPlane } from './plane.ts';

const scope = createScope();
let plane: Plane;

beforeAll(async () => {
  plane = await startPlane(scope, { args: ['--report-interval', '1'] });
  return () => scope.close();
});

const twenty = <T>(act: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 20 }, (_, index) => act(index)));

function countsOf(answers: readonly PlaneAnswer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe('over HTTP', () => {
  test('F36 - of twenty writes with one ETag one is done, and its document is what is there', async () => {
    const path = '/api/sites/etags/connectors/bridge';
    const created = await plane.send(`PUT ${path}`, { body: connectorResource('bridge') });
    const headers = { 'if-match': created.headers.get('etag') ?? '' };
    const answers = await twenty((index) =>
      plane.send(`PUT ${path}`, { headers, body: connectorResource('bridge', { clientIdPrefix: `writer-${index}` }) }),
    );
    expect(countsOf(answers)).toEqual({ 200: 1, 412: 19 });
    const winner = answers.find(({ status }) => status === 200);
    const now = await plane.send(`GET ${path}`);
    expect([now.text, now.headers.get('etag')]).toEqual([winner?.text, winner?.headers.get('etag')]);
  });

  test('F36 - of twenty creates one is done, whether or not they say that they create', async () => {
    for (const [name, headers, refused] of [
      ['careful', { 'if-none-match': '*' }, 412],
      ['careless', {}, 428],
    ] as const) {
      const answers = await twenty((index) => {
        const body = connectorResource(name, { clientIdPrefix: `writer-${index}` });
        return plane.send(`PUT /api/sites/creates/connectors/${name}`, { headers, body });
      });
      expect(countsOf(answers)).toEqual({ 201: 1, [refused]: 19 });
      const winner = answers.find(({ status }) => status === 201);
      expect((await plane.send(`GET /api/sites/creates/connectors/${name}`)).text).toBe(winner?.text);
    }
  });

  test('F36 - of twenty deletions with one ETag one is done', async () => {
    const path = '/api/sites/deletions/connectors/bridge';
    const created = await plane.send(`PUT ${path}`, { body: connectorResource('bridge') });
    const headers = { 'if-match': created.headers.get('etag') ?? '' };
    expect(countsOf(await twenty(() => plane.send(`DELETE ${path}`, { headers })))).toEqual({ 204: 1, 404: 19 });
  });

  test('while sites are applied by many at once, everybody sees one apply or another and never a mixture', async () => {
    const site = '/api/sites/applies';
    const agentKey = await plane.keyOf('applies', 'Bridge.Agent');
    await plane.send(`POST ${site}/apply`, { body: markedSite(0) });
    const seen: number[][] = [];
    const state = { applying: true };
    const watch = async (look: () => Promise<unknown>) => {
      while (state.applying) seen.push(marksOf(await look()));
    };
    const watching = [
      watch(async () => (await plane.send(`GET ${site}/topicmaps`)).json),
      // A new agent each time: it is sent the whole document.
      watch(async () => createAgent('applies/agents/bridge/0', agentKey).report(plane)),
    ];
    const answers = await twenty((index) => plane.send(`POST ${site}/apply`, { body: markedSite(index + 1) }));
    state.applying = false;
    await Promise.all(watching);
    expect(countsOf(answers)).toEqual({ 200: 20 });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((marks) => marks.length !== 1)).toEqual([]);
    await expectOneApply(site, answers);
  });

  test('twenty first reports at once are all answered and start one orchestration, which judges them', async () => {
    const key = await plane.keyOf('firsts', 'Bridge.Agent');
    const before = await plane.orchestrations('firsts');
    const agents = Array.from({ length: 20 }, (_, index) => createAgent(`firsts/agents/bridge/${index}`, key));
    const answers = await Promise.all(agents.map((agent) => agent.report(plane)));
    expect(before).toEqual([]);
    expect(answers.map(({ desired }) => desired.kind)).toEqual(Array.from(agents, () => 'undefined'));
    expect(await plane.orchestrations('firsts')).toMatchObject([
      { instanceId: 'health-firsts', runtimeStatus: 'Running' },
    ]);
    await eventually(async () => {
      const { json } = await plane.send('GET /api/sites/firsts/connectors/bridge/health');
      expect(json['instances']).toHaveLength(20);
      return true;
    });
    expect(plane.process.stderr()).not.toMatch(/HealthStartFailed|report_hint_failed|HealthHintFailed|"level":"?error/);
  });

  test('a site that is deleted and defined again and again ends with one orchestration or none', async () => {
    const site = '/api/sites/phoenix';
    for (let life = 0; life < 5; life++) {
      expect((await plane.send(`POST ${site}/apply`, { body: markedSite(life) })).status).toBe(200);
      expect((await plane.send(`DELETE ${site}`)).status).toBe(204);
    }
    await eventually(async () => {
      expect(await plane.orchestrations('phoenix')).toMatchObject([{ runtimeStatus: 'Completed' }]);
      return true;
    });
    expect((await plane.send(`POST ${site}/apply`, { body: markedSite(9) })).status).toBe(200);
    await eventually(async () => {
      expect(await plane.orchestrations('phoenix')).toMatchObject([{ runtimeStatus: 'Running' }]);
      return (await plane.send(`GET ${site}/connectors/bridge/health`)).status === 200;
    });
  });
});

/** What is there is what one of the applies said, all of it. */
async function expectOneApply(site: string, answers: readonly PlaneAnswer[]): Promise<void> {
  const lists = await Promise.all(['connectors', 'topicmaps'].map((name) => plane.send(`GET ${site}/${name}`)));
  const items = lists.flatMap(({ json }) => (json as unknown as ResourceList).items);
  expect(marksOf(items)).toHaveLength(1);
  const etags = items.map(({ name, etag }) => `${name} ${etag}`).sort();
  const told = answers.map(({ json }) =>
    (json as unknown as ApplyResult).results.map(({ name, etag }) => `${name} ${etag}`).sort(),
  );
  expect(told).toContainEqual(etags);
}
