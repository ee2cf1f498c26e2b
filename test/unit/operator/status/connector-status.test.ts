import { describe, expect, test } from 'vitest';
import type { StoredObject } from '../../../../kubernetes/object.ts';
import { connectorStatusOf } from '../../../../operator/status/connector-status.ts';
import { needsOf } from '../../../../operator/status/needs.ts';
import { topicMapStatusOf } from '../../../../operator/status/topic-map-status.ts';
import { workloadOf } from '../../../../operator/status/workload.ts';
import type { StatusCondition } from '../../../../shared/resources/status.ts';
import { connectorOf } from '../sample.ts';
import {
  connectorObject,
  entryOf,
  NOW,
  settled,
  situationOf,
  stored,
  topicMapObject,
  withConditions,
} from './sample.ts';

const messageOf = (
  status: { readonly conditions?: readonly StatusCondition[] | undefined } | undefined,
  type: string,
) => status?.conditions?.find((condition) => condition.type === type)?.message ?? '';

const broken = (count: number, name = 'broken') =>
  stored({
    ...topicMapObject(name),
    spec: {
      mqttBridgeConnectorRef: 'edge',
      routes: Array.from({ length: count }, (_, number) => ({
        direction: 'local-to-remote',
        name: `${name}-${number}`,
        source: `${name}/${number}`,
        target: '#',
      })),
    },
  });

describe('a message', () => {
  test('names the first problems of a thousand, and how many more there are', () => {
    const situation = situationOf([connectorObject(), broken(1_000)]);
    const message = messageOf(connectorStatusOf(situation), 'Accepted');
    expect(message).toContain('TM004 spec.routes[0].target');
    expect(message).toContain('and 997 more');
    expect(message).toMatch(/Correct or delete the topic map that the message names\.$/);
    expect(message.length).toBeLessThan(1_000);
  });

  test('names the first faulty topic maps, and how many more there are', () => {
    const maps = Array.from({ length: 40 }, (_, number) => broken(1, `map-${number}`));
    const message = messageOf(connectorStatusOf(situationOf([connectorObject(), ...maps])), 'Accepted');
    expect(message).toMatch(/topic map map-0: .*; topic map map-1: .*; topic map map-10: .* and 37 more\./);
  });

  test('says once what several instances say alike', () => {
    const connector = connectorObject({ bridgeInstances: 4 });
    const refused = withConditions({ RemoteConnected: ['False', 'NotAuthorized', 'The broker says no.'] });
    const situation = settled(situationOf([connector, topicMapObject()]));
    const instances = [0, 1, 3].map((number) => entryOf(number, refused));
    const status = connectorStatusOf({ ...situation, former: { instances: [...instances, entryOf(2)] } });
    expect(messageOf(status, 'RemoteConnected')).toBe('instances 0, 1, 3: NotAuthorized: The broker says no.');
  });

  test('counts missing instances instead of listing them', () => {
    const situation = situationOf([connectorObject({ bridgeInstances: 65_535 }), topicMapObject()]);
    const status = connectorStatusOf(settled({ ...situation, workload: undefined }, {}));
    expect(messageOf(status, 'Ready')).not.toBe('');
    const silent = connectorStatusOf({ ...situation, workload: { wanted: 65_535, ready: 0, settled: true } });
    expect(messageOf(silent, 'LocalConnected')).toContain('instances 0, 1, 2, 3, 4 and 65,530 more');
  });
});

describe('what instances say', () => {
  const two = situationOf([connectorObject({ bridgeInstances: 2 }), topicMapObject()]);
  const revision = two.judgement.connector.document?.revision;

  test('is added up over the wanted ones only', () => {
    const former = { instances: [0, 1, 2, 7].map((number) => entryOf(number, { revision, backlog: 10 })) };
    const status = connectorStatusOf({ ...two, former, workload: { wanted: 2, ready: 2, settled: true } });
    expect(status).toMatchObject({ backlog: 20, routes: { total: 1, ready: 1 }, configStatusLevel: 'Running' });
  });

  test('counts a route of two instances as ready when it is ready in both', () => {
    const unready = [{ topicMap: 'telemetry', route: 'telemetry-out', reason: 'NotAuthorized', message: 'No.' }];
    const entries = [entryOf(0, { revision }), entryOf(1, { revision, unready, routes: { total: 1, ready: 0 } })];
    const situation = { ...two, former: { instances: entries }, workload: { wanted: 2, ready: 2, settled: true } };
    expect(connectorStatusOf(situation).routes).toEqual({ total: 1, ready: 0 });
    const { judgement } = situation;
    const map = topicMapStatusOf({ judgement, name: 'telemetry', former: undefined, connector: situation, now: NOW });
    expect(map?.routes).toEqual({ total: 1, ready: 0 });
  });

  test('does not count an instance by another name than a number', () => {
    const former = { instances: [entryOf(0, { revision }), { ...entryOf(1, { revision }), instance: '01' }] };
    const status = connectorStatusOf({ ...two, former, workload: { wanted: 2, ready: 2, settled: true } });
    expect(messageOf(status, 'LocalConnected')).toContain('instance 1');
  });

  test('goes on for connections while only routes change', () => {
    const one = situationOf();
    const routesOnly = connectorStatusOf(settled(one, { revision: 'older', observedGeneration: 1 }));
    const connectorToo = connectorStatusOf(settled(one, { revision: 'older', observedGeneration: 0 }));
    const statusOf = (status: typeof routesOnly) =>
      status.conditions?.find(({ type }) => type === 'RemoteConnected')?.status;
    expect([statusOf(routesOnly), statusOf(connectorToo)]).toEqual(['True', 'Unknown']);
  });

  test('shows a rival of a client ID as a condition that is gone when it is', () => {
    const situation = settled(situationOf());
    const rival = withConditions({ ClientIdConflict: ['True', 'ClientIdConflict', 'Another client is there.'] });
    const status = connectorStatusOf(settled(situationOf(), rival));
    expect(messageOf(status, 'ClientIdConflict')).toContain('Another client is there.');
    expect(messageOf(connectorStatusOf(situation), 'ClientIdConflict')).toBe('');
  });
});

describe('the level', () => {
  test('is warn for warnings, which the description names, and nothing is refused', () => {
    const status = connectorStatusOf(
      settled(situationOf([connectorObject(), topicMapObject('telemetry', 'edge', '$SYS/broker/#')])),
    );
    expect(status.configStatusLevel).toBe('warn');
    expect(status.configStatusDescription).toMatch(/Warnings: TM014 spec\.routes\[0\]\.source: /);
    expect(messageOf(status, 'Accepted')).toBe('The configuration is valid.');
  });

  test('has its warnings in a sentence of their own, whatever the one before ends in', () => {
    const tls = { tlsEnabled: true, trustedCaCertificateConfigMap: 'broker-ca' };
    const remoteBrokerConnection = { endpoint: 'remote.test:8883', tls, authentication: { anonymous: {} } };
    const objects = [connectorObject({ remoteBrokerConnection }), topicMapObject('telemetry', 'edge', '$SYS/broker/#')];
    const needs = [{ kind: 'ConfigMap', name: 'broker-ca', keys: [] }] as const;
    const status = connectorStatusOf({ ...situationOf(objects), needs, presenceOf: () => ({ kind: 'missing' }) });
    expect(status.configStatusDescription).toContain('--from-file=ca.crt. Warnings: TM014');
  });

  test('says of what is refused whether something runs', () => {
    const refused = situationOf([connectorObject({ maxHops: 99 }), topicMapObject()]);
    const [failed, error] = [refused, settled(refused)].map(connectorStatusOf);
    expect(failed).toMatchObject({ configStatusLevel: 'Failed' });
    expect(failed?.configStatusDescription).toMatch(/^BC003 spec\.maxHops: .* Nothing runs\.$/);
    expect(error).toMatchObject({ configStatusLevel: 'Error' });
    expect(error?.configStatusDescription).toMatch(/^BC003 spec\.maxHops: .* What ran before goes on\.$/);
  });

  test('is Recovering only after it was ready with this configuration', () => {
    const down = settled(situationOf(), withConditions({ RemoteConnected: ['False', 'DnsFailed', 'No such name.'] }));
    const levels = (['Running', 'warn', 'OK', 'Recovering', 'Starting', 'Error', 'Failed', undefined] as const).map(
      (configStatusLevel) =>
        connectorStatusOf({ ...down, former: { ...down.former, configStatusLevel } }).configStatusLevel,
    );
    expect(levels).toEqual([...Array(4).fill('Recovering'), ...Array(4).fill('Starting')]);
  });
});

describe('what is read', () => {
  test.for([
    [{ spec: { replicas: 3 } }, { wanted: 3, ready: 0, settled: false }],
    [
      { spec: {}, status: { readyReplicas: 1, updatedReplicas: 1, observedGeneration: 4 } },
      { wanted: 1, ready: 1, settled: true },
    ],
    [
      { spec: { replicas: 1 }, status: { readyReplicas: 1, updatedReplicas: 1, observedGeneration: 3 } },
      { wanted: 1, ready: 1, settled: false },
    ],
    [
      { spec: { replicas: 2 }, status: { readyReplicas: 2, updatedReplicas: 1, observedGeneration: 4 } },
      { wanted: 2, ready: 2, settled: false },
    ],
    [
      { spec: { replicas: 0 }, status: { observedGeneration: 4 } },
      { wanted: 0, ready: 0, settled: true },
    ],
  ] as const)('of the StatefulSet %j is %j', ([object, expected]) => {
    const metadata = { name: 'aio-mq-edge', namespace: 'plant', uid: 'u', resourceVersion: '9', generation: 4 };
    const statefulSet: StoredObject = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, ...object };
    expect(workloadOf(statefulSet)).toEqual(expected);
  });

  test('of a connector that names one Secret on both sides are all keys of it, once', () => {
    const x509 = { x509: { secretName: 'both' } };
    const needs = needsOf(
      connectorOf({
        localBrokerConnection: {
          endpoint: 'local.test:8883',
          tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'ca' },
          authentication: x509,
        },
        remoteBrokerConnection: {
          endpoint: 'remote.test:8883',
          tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'ca' },
          authentication: { usernamePassword: { secretName: 'both' } },
        },
      }),
    );
    expect(needs).toEqual([
      { kind: 'ConfigMap', name: 'ca', keys: [] },
      { kind: 'Secret', name: 'both', keys: ['client_cert.pem', 'client_key.pem', 'username', 'password'] },
    ]);
  });
});
