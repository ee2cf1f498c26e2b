import { describe, expect, test } from 'vitest';
import { ExchangeError } from '../../../../../agent/config/control-plane/exchange.ts';
import { BROKEN, connectorYaml, SAMPLE } from '../../../cli/sample-config.ts';
import { sessionOf, snapshotOf } from '../../observe/snapshot-of.ts';
import { answerOf, documentAnswer, OTHER, UNREACHABLE } from './sample-answers.ts';
import { type StartOptions, startSource, wanting } from './start-source.ts';

const HOUR = 3_600_000;

describe('a configuration from the control plane', () => {
  test('is applied, and what runs is told at once', async () => {
    const { updates, reports, passUntil, source } = startSource({ reply: wanting({ revision: 'r1', text: SAMPLE }) });
    expect(await passUntil(() => reports.length === 2)).toBeLessThanOrEqual(1.1);
    expect(updates).toMatchObject([{ kind: 'document', document: { connector: { metadata: { name: 'bridge' } } } }]);
    expect(reports[0]?.document).toEqual({});
    expect(reports[1]).toMatchObject({ sequence: 2, tag: 't1', changed: true, document: { revision: 'r1' } });
    expect(source.snapshot().controlPlane).toMatchObject({ up: true, revision: 'r1', documentFrom: 'controlPlane' });
  });

  test('that changes is fetched within one interval', async () => {
    const wanted = { revision: 'r1', text: SAMPLE };
    const { updates, reports, passUntil } = startSource({ reply: wanting(wanted) });
    await passUntil(() => reports.length === 2);
    Object.assign(wanted, { revision: 'r2', text: OTHER });
    expect(await passUntil(() => updates.length === 2)).toBeLessThanOrEqual(30);
    await passUntil(() => reports.at(-1)?.document.revision === 'r2');
    expect(updates).toHaveLength(2);
  });

  test('that changes twice while the first is still being applied skips the one in between', async () => {
    const applied = Promise.withResolvers<void>();
    const wanted = { revision: 'r1', text: SAMPLE };
    const { updates, reports, passUntil } = startSource({ reply: wanting(wanted), apply: () => applied.promise });
    await passUntil(() => updates.length === 1);
    Object.assign(wanted, { revision: 'r2', text: OTHER });
    const before = reports.length;
    await passUntil(() => reports.length === before + 1);
    Object.assign(wanted, { revision: 'r3', text: SAMPLE });
    await passUntil(() => reports.length === before + 3);
    expect(updates).toHaveLength(1);
    applied.resolve();
    await passUntil(() => reports.at(-1)?.document.revision === 'r3');
    expect(updates).toHaveLength(2);
  });

  test('F27 - that is invalid changes nothing, and its problems are told at once', async () => {
    const wanted = { revision: 'r1', text: SAMPLE };
    const { updates, reports, passUntil } = startSource({ reply: wanting(wanted) });
    await passUntil(() => reports.at(-1)?.document.revision === 'r1');
    Object.assign(wanted, { revision: 'r2', text: BROKEN });
    await passUntil(() => updates.length === 2);
    expect(await passUntil(() => reports.at(-1)?.document.rejected)).toBeLessThanOrEqual(1.1);
    expect(updates[1]).toMatchObject({ kind: 'rejected', revision: 'r2' });
    expect(reports.at(-1)?.document).toMatchObject({
      revision: 'r1',
      rejected: {
        revision: 'r2',
        problems: [{ rule: 'TM004', file: 'MqttBridgeTopicMap/bridge-map', path: 'spec.routes[0].target' }],
      },
    });
    const before = reports.length;
    await passUntil(() => reports.length === before + 2);
    expect(updates).toHaveLength(2);

    Object.assign(wanted, { revision: 'r3', text: OTHER });
    await passUntil(() => reports.at(-1)?.document.revision === 'r3');
    expect(reports.at(-1)?.document).not.toHaveProperty('rejected');
  });

  test('of another connector is refused', async () => {
    const other = connectorYaml('other');
    const { updates, passUntil } = startSource({ reply: wanting({ revision: 'r1', text: other }) });
    await passUntil(() => updates.length === 1);
    expect(updates).toMatchObject([{ kind: 'rejected', problems: [{ rule: 'XR002' }, { rule: 'XR903' }] }]);
  });

  test('that is nested without end does no harm', async () => {
    const depth = 100_000;
    const body = JSON.stringify(documentAnswer('r1')).replace('"telemetry/#"', '['.repeat(depth) + ']'.repeat(depth));
    const { updates, reports, passUntil } = startSource({ reply: () => ({ body }) });
    await passUntil(() => reports.at(-1)?.document.rejected);
    expect(updates).toMatchObject([{ kind: 'rejected', revision: 'r1' }]);
  });

  test('that comes again under its label is not taken again', async () => {
    const { updates, reports, passUntil } = startSource({ reply: () => documentAnswer('r1') });
    await passUntil(() => reports.length === 5);
    expect(updates).toHaveLength(1);
  });

  test('that is deleted goes on, and says so', async () => {
    let deleted = false;
    const { updates, reports, source, log, passUntil } = startSource({
      reply: () => (deleted ? answerOf({ desired: { kind: 'undefined' } }) : documentAnswer('r1')),
    });
    await passUntil(() => reports.length === 2);
    deleted = true;
    await passUntil(() => source.snapshot().controlPlane.fault);
    expect(source.snapshot().controlPlane).toMatchObject({
      up: true,
      revision: 'r1',
      fault: { reason: 'ConnectorUndefined' },
    });
    expect(updates).toHaveLength(1);
    expect(log.filter(({ evt }) => evt === 'ControlPlaneFault')).toMatchObject([{ reason: 'ConnectorUndefined' }]);
  });
});

describe('reports', () => {
  test('follow a change of state within a second, and say that it is one', async () => {
    const { reports, state, passUntil } = startSource();
    await passUntil(() => reports.length === 2);
    const before = reports.length;
    state.snapshot = snapshotOf({ sessions: [sessionOf({ state: 'waiting' })] });
    expect(await passUntil(() => reports.length === before + 1)).toBeLessThanOrEqual(2);
    expect(reports.at(-1)).toMatchObject({ changed: true, sessions: [{ state: 'waiting' }] });
    expect(await passUntil(() => reports.length === before + 2)).toBeGreaterThan(25);
    expect(reports.at(-1)?.changed).toBe(false);
  });

  test('carry the tag of the last answer and the interval that it set', async () => {
    let tag = 0;
    const { reports, passUntil } = startSource({ reply: () => answerOf({ tag: `t${++tag}`, intervalSeconds: 5 }) });
    await passUntil(() => reports.length === 3);
    expect(reports.map(({ tag, sequence, intervalSeconds }) => [sequence, tag, intervalSeconds])).toEqual([
      [1, undefined, 30],
      [2, 't1', 5],
      [3, 't2', 5],
    ]);
    expect(new Set(reports.map(({ run }) => run)).size).toBe(1);
  });

  test.each([
    ['a day ahead', 24 * HOUR],
    ['a day behind', -24 * HOUR],
  ])('F29 - come at the same pace when the clock of the machine is %s', async (_, skew) => {
    const { reports, updates, source, passUntil } = startSource({
      skew,
      reply: wanting({ revision: 'r1', text: SAMPLE }),
    });
    await passUntil(() => reports.length === 2);
    expect(await passUntil(() => reports.length === 3)).toBeCloseTo(30, 0);
    expect(updates).toHaveLength(1);
    expect(source.snapshot().controlPlane).toMatchObject({ answeredAt: '2026-06-01T12:00:00.000Z', up: true });
    expect(Math.abs((source.snapshot().controlPlane.clockOffsetSeconds ?? 0) - skew / 1_000)).toBeLessThan(60);
  });
});

describe('an agent whose state cannot be told', () => {
  test('goes on with its configuration, says so, and reports again when it can', async () => {
    const { reports, updates, source, log, state, passUntil } = startSource({ reply: () => documentAnswer('r1') });
    await passUntil(() => reports.length === 2);
    const { snapshot } = state;
    Object.defineProperty(state, 'snapshot', {
      configurable: true,
      get: () => {
        throw new Error('defect');
      },
    });
    await passUntil(() => source.snapshot().controlPlane.fault?.reason === 'ReportFailed');
    expect(log).toContainEqual(expect.objectContaining({ evt: 'ReportFailed', level: 'error' }));
    Object.defineProperty(state, 'snapshot', { value: snapshot });
    await passUntil(() => source.snapshot().controlPlane.up);
    expect(updates).toHaveLength(1);
  });
});

describe('an answer that is none', () => {
  interface Row {
    readonly name: string;
    readonly reply: ReturnType<NonNullable<StartOptions['reply']>>;
    readonly reason: string;
  }
  const problem = (kind: string) => JSON.stringify({ type: `urn:mqttbridge:problem:${kind}`, detail: 'canary' });
  const rows: readonly Row[] = [
    { name: 'garbage', reply: { body: '<html>canary' }, reason: 'ControlPlaneAnswerInvalid' },
    { name: 'empty', reply: { body: '' }, reason: 'ControlPlaneAnswerInvalid' },
    { name: 'JSON of another kind', reply: { body: '{"a":1}' }, reason: 'ControlPlaneAnswerInvalid' },
    { name: 'no content', reply: { status: 204 }, reason: 'ControlPlaneAnswerInvalid' },
    { name: 'a redirect', reply: { status: 308 }, reason: 'ControlPlaneRedirected' },
    { name: '400', reply: { status: 400, body: problem('bad-body') }, reason: 'ControlPlaneRefused' },
    { name: '401', reply: { status: 401, body: problem('unauthenticated') }, reason: 'ControlPlaneUnauthorized' },
    { name: '403', reply: { status: 403, body: 'canary' }, reason: 'ControlPlaneForbidden' },
    { name: '404', reply: { status: 404 }, reason: 'ControlPlaneNotFound' },
    { name: '429', reply: { status: 429 }, reason: 'ControlPlaneThrottled' },
    { name: '500', reply: { status: 500, body: '"canary"' }, reason: 'ControlPlaneUnavailable' },
    { name: 'late', reply: new ExchangeError('timeout', '10 s'), reason: 'ControlPlaneTimeout' },
    { name: 'too large', reply: new ExchangeError('tooLarge', '4 MiB'), reason: 'ControlPlaneAnswerInvalid' },
    { name: 'no connection', reply: UNREACHABLE, reason: 'ControlPlaneUnreachable' },
    {
      name: 'an unknown authority',
      reply: Object.assign(new Error('canary'), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }),
      reason: 'ControlPlaneTlsFailed',
    },
  ];

  test.each(rows)('($name) is $reason, and the next one is taken', async ({ reply, reason }) => {
    const replies = [documentAnswer('r1'), reply, reply];
    const { source, log, reports, updates, passUntil } = startSource({ reply: () => replies.shift() ?? answerOf() });
    await passUntil(() => source.snapshot().controlPlane.fault);
    expect(source.snapshot().controlPlane).toMatchObject({ up: false, revision: 'r1', fault: { reason } });
    await passUntil(() => source.snapshot().controlPlane.up);
    expect(source.snapshot().controlPlane.fault).toBeUndefined();
    expect(source.snapshot().controlPlane.reports).toEqual({ Answered: 2, [reason]: 2 });
    expect(updates).toHaveLength(1);
    expect(log.filter(({ evt }) => evt === 'ControlPlaneFault')).toHaveLength(1);
    expect(reports).toHaveLength(4);
    expect(JSON.stringify([log, reports])).not.toContain('canary');
  });

  test('with Retry-After is obeyed, also when that is a date by the clock of the server', async () => {
    const date = 'Mon, 01 Jun 2026 00:00:00 GMT';
    const replies: Partial<{ status: number; retryAfter: string; date: string }>[] = [
      { status: 503, retryAfter: '120', date },
      { status: 429, retryAfter: 'Mon, 01 Jun 2026 00:05:00 GMT', date },
    ];
    const { reports, passUntil } = startSource({ skew: -24 * HOUR, reply: () => replies.shift() ?? answerOf() });
    await passUntil(() => reports.length === 1);
    expect(await passUntil(() => reports.length === 2)).toBeCloseTo(120, 0);
    expect(await passUntil(() => reports.length === 3)).toBeCloseTo(300, 0);
  });

  test('because of a key is mended by the next key', async () => {
    let key: string | undefined = 'old';
    const { source, reports, passUntil } = startSource({
      key: () => key,
      reply: (_, authorization) => (authorization === 'new' ? answerOf() : { status: 401 }),
    });
    await passUntil(() => source.snapshot().controlPlane.fault?.reason === 'ControlPlaneUnauthorized');
    key = undefined;
    await passUntil(() => source.snapshot().controlPlane.fault?.reason === 'ControlPlaneKeyUnreadable');
    key = 'new';
    await passUntil(() => source.snapshot().controlPlane.up);
    expect(reports.at(-1)?.sequence).toBeGreaterThan(reports.length);
  });

  test('because another process counts as the newer one is named', async () => {
    const { source, passUntil } = startSource({ reply: () => answerOf({ superseded: true }) });
    await passUntil(() => source.snapshot().controlPlane.fault);
    expect(source.snapshot().controlPlane).toMatchObject({ up: true, fault: { reason: 'AgentSuperseded' } });
  });
});
