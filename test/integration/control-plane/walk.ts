import { expect } from 'vitest';
import type { Operation } from '../../../functions/http/contract.ts';
import { operations } from '../../../functions/http/operations.ts';
import type { ReportAnswer } from '../../../shared/api/report.ts';
import { eventually } from '../../support/eventually.ts';
import { reportOf } from '../../support/health/reports.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import type { PlaneAnswer, PlaneCall, PlaneClient } from './plane.ts';

/** Calls an operation and expects a status, and what the operation says of its body. */
type Step = (id: string, path: string, status: number, call?: PlaneCall) => Promise<PlaneAnswer>;

/**
 * Goes through the life of a site at a control plane with nothing in it, by every operation that there is; from the first
 * definition to the last trace.
 */
export async function walkAllOperations(plane: PlaneClient): Promise<void> {
  const walked = new Set<string>();
  const step: Step = async (id, path, status, call) => {
    const operation = operations.find((one) => one.id === id);
    if (operation === undefined) throw new Error(`there is no operation ${id}`);
    walked.add(id);
    const answer = await plane.send(`${operation.method} /api/${path}`, call);
    expect([id, answer.status, answer.status === status ? '' : answer.text]).toEqual([id, status, '']);
    expectDescribed(operation, answer);
    return answer;
  };
  await step('live', 'live', 200, { key: null });
  await step('openApi', 'openapi.json', 200, { key: null });
  await define(step);
  await grant(step);
  await watch(step, plane);
  await remove(step);
  expect(operations.filter(({ id }) => !walked.has(id)).map(({ id }) => id)).toEqual([]);
}

function expectDescribed({ id, responses }: Operation, { status, json, headers }: PlaneAnswer): void {
  const described = responses[status];
  const isJson = headers.get('content-type')?.startsWith('application/json') === true;
  if (described?.schema === undefined || !isJson) return;
  expect([id, described.schema.safeParse(json).error]).toEqual([id, undefined]);
}

const tagOf = ({ headers }: PlaneAnswer) => headers.get('etag') ?? '';

async function define(step: Step): Promise<void> {
  const both = [connectorResource('bridge'), topicMapResource('map', 'bridge')];
  expect((await step('validate', 'sites/plant/validate', 200, { body: both })).json.valid).toBe(true);
  expect((await step('diff', 'sites/plant/diff', 200, { body: both })).json.results).toHaveLength(2);
  await step('getConnector', 'sites/plant/connectors/bridge', 404);
  const applied = await step('apply', 'sites/plant/apply', 200, { body: both });
  expect(applied.json.results.map(({ outcome }) => outcome)).toEqual(['created', 'created']);
  expect((await step('apply', 'sites/plant/apply', 200, { body: both })).json.results).toMatchObject([
    { outcome: 'unchanged' },
    { outcome: 'unchanged' },
  ]);
  const created = await step('putConnector', 'sites/plant/connectors/second', 201, {
    body: connectorResource('second'),
  });
  const other = { body: connectorResource('second', { clientIdPrefix: 'other' }) };
  await step('putConnector', 'sites/plant/connectors/second', 428, other);
  const replaced = await step('putConnector', 'sites/plant/connectors/second', 200, {
    ...other,
    headers: { 'if-match': tagOf(created) },
  });
  await step('putConnector', 'sites/plant/connectors/second', 412, {
    ...other,
    headers: { 'if-match': tagOf(created) },
  });
  await step('getConnector', 'sites/plant/connectors/second', 304, { headers: { 'if-none-match': tagOf(replaced) } });
  await step('putTopicMap', 'sites/plant/topicmaps/more', 201, { body: topicMapResource('more', 'second') });
  await step('putTopicMap', 'sites/plant/topicmaps/broken', 422, { body: topicMapResource('broken', 'nowhere') });
  await step('getTopicMap', 'sites/plant/topicmaps/more?view=effective', 200);
  const page = await step('listConnectors', 'sites/plant/connectors?limit=1', 200);
  const rest = await step('listConnectors', `sites/plant/connectors?limit=1&continue=${page.json.continue}`, 200);
  expect([...page.json.items, ...rest.json.items].map(({ name }) => name)).toEqual(['bridge', 'second']);
  expect((await step('listTopicMaps', 'sites/plant/topicmaps', 200)).json.items).toHaveLength(2);
  expect((await step('listSites', 'sites', 200)).json.items).toEqual([{ name: 'plant' }]);
  expect((await step('explain', 'sites/plant/explain?topic=map/a', 200)).text).toContain('map-out');
}

async function grant(step: Step): Promise<void> {
  await step('createKey', 'sites/plant/grants', 201, { body: { id: 'agents', role: 'Bridge.Agent' } });
  await step('createKey', 'sites/plant/grants', 409, { body: { id: 'agents', role: 'Bridge.Agent' } });
  const entra = { objectId: '00000000-0000-4000-8000-000000000001', role: 'Bridge.Read' };
  await step('putGrant', 'sites/plant/grants/reader', 201, { body: entra });
  await step('getGrant', 'sites/plant/grants/reader', 200);
  expect((await step('listGrants', 'sites/plant/grants', 200)).json.items).toHaveLength(2);
  await step('deleteGrant', 'sites/plant/grants/reader', 204);
  await step('deleteGrant', 'sites/plant/grants/agents', 204);
}

async function watch(step: Step, plane: PlaneClient): Promise<void> {
  const key = await plane.keyOf('plant', 'Bridge.Agent');
  const run = crypto.randomUUID();
  const report = async (sequence: number, rest: object) => {
    const body = reportOf({ run, sequence, changed: true, ...rest });
    const answer = await step('report', 'sites/plant/agents/bridge/0/report', 200, { key, body });
    return answer.json as unknown as ReportAnswer;
  };
  const { tag, desired } = await report(1, { document: {} });
  if (desired.kind !== 'document') throw new Error(`the agent was sent ${desired.kind}`);
  expect(desired.resources.map(({ metadata }) => metadata)).toEqual([{ name: 'bridge' }, { name: 'map' }]);
  const { revision } = desired;
  expect(await report(2, { tag, document: { revision } })).toMatchObject({ desired: { kind: 'current' } });
  await eventually(async () => {
    const health = await step('connectorHealth', 'sites/plant/connectors/bridge/health', 200);
    expect(health.json).toMatchObject({ verdict: 'Healthy', desiredRevision: revision, instances: [{ revision }] });
    return true;
  });
  expect((await step('siteHealth', 'sites/plant/health', 200)).text).toContain('second');
  const events = await step('listEvents', 'sites/plant/events?connector=bridge', 200);
  expect(events.text).toContain('RevisionApplied');
  expect(await plane.orchestrations('plant')).toMatchObject([{ runtimeStatus: 'Running' }]);
}

async function remove(step: Step): Promise<void> {
  const any = { headers: { 'if-match': '*' } };
  await step('deleteTopicMap', 'sites/plant/topicmaps/more', 204, any);
  await step('deleteTopicMap', 'sites/plant/topicmaps/more', 404, any);
  await step('deleteConnector', 'sites/plant/connectors/bridge', 409, any);
  await step('deleteConnector', 'sites/plant/connectors/bridge?cascade=true', 204, any);
  await step('deleteSite', 'sites/plant', 204);
  await step('siteHealth', 'sites/plant/health', 404);
  expect((await step('listConnectors', 'sites/plant/connectors', 200)).json.items).toEqual([]);
  expect((await step('listGrants', 'sites/plant/grants', 200)).json.items).toEqual([]);
  expect((await step('listSites', 'sites', 200)).json.items).toEqual([]);
}
