import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  connectorStatusOf,
  type ConnectorSituation,
  type OperatorConnectorStatus,
} from '../../../../operator/status/connector-status.ts';
import { needsOf } from '../../../../operator/status/needs.ts';
import { topicMapStatusOf } from '../../../../operator/status/topic-map-status.ts';
import { transitionsOf } from '../../../../operator/status/transitions.ts';
import {
  type ConnectorStatus,
  connectorStatusSchema,
  type InstanceStatus,
  type StatusCondition,
  type TopicMapStatus,
  topicMapStatusSchema,
} from '../../../../shared/resources/status.ts';
import { admit } from '../../../support/kubernetes/admission.ts';
import { schemaInCluster } from '../../../support/kubernetes/definitions.ts';
import { anySituation } from './situation-arbitrary.ts';

/** What is said of a connector and of its topic maps. */
interface Said {
  readonly connector: OperatorConnectorStatus;
  readonly topicMaps: ReadonlyMap<string, TopicMapStatus>;
}

function say(situation: ConnectorSituation, former?: Said): Said {
  const connector = connectorStatusOf(situation);
  const { judgement, now } = situation;
  const topicMaps = [...judgement.topicMaps.keys()].map((name): [string, TopicMapStatus] => {
    const status = topicMapStatusOf({
      judgement,
      name,
      former: former?.topicMaps.get(name),
      connector: situation,
      now,
    });
    if (status === undefined) throw new RangeError(name);
    return [name, status];
  });
  return { connector, topicMaps: new Map(topicMaps) };
}

const statusesOf = ({ connector, topicMaps }: Said) => [connector, ...topicMaps.values()];
const conditionsOf = (said: Said) => statusesOf(said).flatMap(({ conditions = [] }) => conditions);
const isTrue = ({ conditions = [] }: { readonly conditions?: readonly StatusCondition[] | undefined }, type: string) =>
  conditions.some((condition) => condition.type === type && condition.status === 'True');
const after = (situation: ConnectorSituation, said: Said, now = situation.now): ConnectorSituation => ({
  ...situation,
  former: { ...said.connector, instances: situation.former?.instances },
  now,
});

function wantedEntries({ former, judgement, workload }: ConnectorSituation): readonly (InstanceStatus | undefined)[] {
  const { document, obstacles, instances } = judgement.connector;
  const wanted = document !== undefined && obstacles.length === 0 ? instances : (workload?.wanted ?? instances);
  return Array.from({ length: wanted }, (_, number) =>
    former?.instances?.find(({ instance }) => instance === String(number)),
  );
}

describe('whatever happens, a status', () => {
  test.prop([anySituation], { numRuns: 150 })('is one that the API server takes, of bounded length', (situation) => {
    const said = say(situation);
    connectorStatusSchema.parse(said.connector);
    const own = { apiVersion: 'x', kind: 'y', metadata: {} };
    const spec = {
      remoteBrokerConnection: { endpoint: 'a:1', tls: { tlsEnabled: false }, authentication: { anonymous: {} } },
    };
    const { faults, unknown } = admit(schemaInCluster('MqttBridgeConnector'), { ...own, spec, status: said.connector });
    expect([...faults, ...unknown]).toEqual([]);
    for (const status of said.topicMaps.values()) {
      topicMapStatusSchema.parse(status);
      const map = { ...own, spec: { mqttBridgeConnectorRef: 'edge' }, status };
      const taken = admit(schemaInCluster('MqttBridgeTopicMap'), map);
      expect([...taken.faults, ...taken.unknown]).toEqual([]);
    }
    for (const { message } of conditionsOf(said)) {
      expect(message).not.toBe('');
      expect(message.length).toBeLessThanOrEqual(1_000);
      expect(message.isWellFormed()).toBe(true);
    }
    for (const { configStatusDescription: text = '' } of statusesOf(said))
      expect(text.length).toBeLessThanOrEqual(1_000);
  });

  test.prop([anySituation], { numRuns: 150 })(
    'follows from the same input, and changes nothing of itself',
    (situation) => {
      const said = say(situation);
      expect(say({ ...situation })).toEqual(said);
      const again = say(after(situation, said, situation.now + 60_000), said);
      expect(again).toEqual(say(after(situation, said), said));
      expect(transitionsOf(said.connector, again.connector)).toEqual([]);
      expect(say(after(situation, again, situation.now + 90_000), again)).toEqual(again);
    },
  );

  test.prop([anySituation, anySituation, fc.integer({ min: -100_000, max: 100_000 })], { numRuns: 200 })(
    'moves its times of transition forward only, and with the status only',
    (first, second, later) => {
      const before = say(first);
      const now = first.now + later;
      const said = say(
        { ...second, former: { ...before.connector, instances: second.former?.instances }, now },
        before,
      );
      for (const condition of said.connector.conditions ?? []) {
        const former = before.connector.conditions?.find(({ type }) => type === condition.type);
        if (former === undefined) continue;
        expect(condition.lastTransitionTime >= former.lastTransitionTime).toBe(true);
        if (former.status === condition.status) expect(condition.lastTransitionTime).toBe(former.lastTransitionTime);
      }
      for (const { reason, message } of transitionsOf(before.connector, said.connector)) {
        expect(reason).toMatch(/^[A-Z]\w{0,126}$/);
        expect(message.length).toBeLessThanOrEqual(1_000);
        const isNew = (said.connector.conditions ?? []).some(({ type, status }) => {
          const former = before.connector.conditions?.find((one) => one.type === type);
          return status !== 'Unknown' && former?.status !== status;
        });
        const passed = before.connector.conditions?.some(({ status }) => status === 'False');
        expect(isNew || passed || reason.endsWith('Ended')).toBe(true);
      }
    },
  );
});

describe('True is never said', () => {
  test.prop([anySituation], { numRuns: 300 })('of Ready while anything is missing', (situation) => {
    const { connector } = say(situation);
    if (!isTrue(connector, 'Ready')) return;
    const { judgement, workload, needs, presenceOf, reporting } = situation;
    const { document, obstacles } = judgement.connector;
    expect(document).toBeDefined();
    expect(obstacles).toEqual([]);
    expect(needs.some((need) => presenceOf(need).kind === 'missing')).toBe(false);
    const wanted = wantedEntries(situation);
    expect(wanted.length).toBeGreaterThan(0);
    expect(workload).toMatchObject({ wanted: wanted.length, settled: true });
    expect(workload?.ready).toBeGreaterThanOrEqual(wanted.length);
    if (reporting === 'elsewhere') return;
    for (const entry of wanted) {
      expect(entry?.revision).toBe(document?.revision);
      expect(isTrue(entry ?? {}, 'Ready')).toBe(true);
      expect(entry?.unready ?? []).toEqual([]);
    }
    expect(connector.routes?.ready).toBe(judgement.connector.routes.running);
    expect(connector.configStatusLevel).toMatch(/^(Running|warn)$/);
  });

  test.prop([anySituation], { numRuns: 300 })('of a connection that an instance does not confirm', (situation) => {
    const { connector } = say(situation);
    for (const type of ['LocalConnected', 'RemoteConnected', 'CredentialsValid']) {
      if (!isTrue(connector, type)) continue;
      const { document, generation } = situation.judgement.connector;
      const wanted = wantedEntries(situation);
      for (const entry of wanted) {
        expect(isTrue(entry ?? {}, type)).toBe(true);
        const current = document === undefined || entry?.revision === document.revision;
        expect(current || entry?.observedGeneration === generation).toBe(true);
      }
      const claims = wanted.filter((entry) => isTrue(entry ?? {}, 'Ready')).length;
      expect(claims).toBeLessThanOrEqual(situation.workload?.ready ?? 0);
    }
  });

  test.prop([anySituation], { numRuns: 300 })('of a topic map that is not taken, found and run', (situation) => {
    const { connector, topicMaps } = say(situation);
    for (const [name, status] of topicMaps) {
      if (isTrue(status, 'Ready')) {
        expect(isTrue(status, 'Programmed')).toBe(true);
        expect(status.routes?.ready).toBe(situation.judgement.topicMaps.get(name)?.routes.running);
      }
      if (!isTrue(status, 'Programmed')) continue;
      expect(isTrue(status, 'Accepted') && isTrue(status, 'ConnectorResolved')).toBe(true);
      const { document } = situation.judgement.connector;
      for (const entry of wantedEntries(situation)) expect(entry?.revision).toBe(document?.revision);
    }
    if (isTrue(connector, 'Ready') && situation.reporting === 'status') {
      for (const [name, status] of topicMaps) {
        const idle = situation.judgement.topicMaps.get(name)?.routes.running === 0;
        expect(isTrue(status, 'Ready')).toBe(!idle);
      }
    }
  });

  test.prop([anySituation], { numRuns: 200 })('where nobody has said anything', (situation) => {
    const silent: ConnectorStatus = {};
    const { connector } = say({ ...situation, former: silent, reporting: 'status' });
    for (const type of ['LocalConnected', 'RemoteConnected', 'CredentialsValid', 'Ready']) {
      expect(isTrue(connector, type)).toBe(false);
    }
  });
});

test.prop([anySituation], { numRuns: 200 })('pods that never were all ready degrade nothing', (situation) => {
  const { connector } = say({ ...situation, former: { instances: situation.former?.instances } });
  const { status, reason } = connector.conditions?.find(({ type }) => type === 'Ready') ?? {};
  if (status === 'False' && reason === 'InstancesNotReady') expect(isTrue(connector, 'Degraded')).toBe(false);
});

test.prop([anySituation], { numRuns: 200 })('what is missing is named with the keys it needs', (situation) => {
  const { document } = situation.judgement.connector;
  const needs = document === undefined ? [] : needsOf(document.connector);
  const { connector } = say({ ...situation, needs, presenceOf: () => ({ kind: 'missing' }) });
  const found = connector.conditions?.find(({ type }) => type === 'CredentialsValid');
  if (needs.length === 0) return;
  expect(found?.status).toBe('False');
  for (const { kind, name } of needs) expect(found?.message).toContain(`${kind} ${name}`);
  for (const { keys } of needs) for (const key of keys) expect(found?.message).toContain(key);
});
