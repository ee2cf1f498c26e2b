import { describe, expect, test } from 'vitest';
import { listOf, type Reply } from '../../support/kubernetes/plain-client.ts';
import { APPLY, MERGE, stage } from './stage.ts';

// Like conformance.test.ts, for our own kinds.

function connector(name: string, spec: object = {}): object {
  const remoteBrokerConnection = {
    endpoint: 'remote.example:8883',
    tls: { tlsEnabled: true },
    authentication: { systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } },
  };
  const whole = {
    protocol: 'v5',
    bridgeInstances: 1,
    clientIdPrefix: 'c',
    logLevel: 'info',
    remoteBrokerConnection,
    ...spec,
  };
  return {
    apiVersion: 'mq.iotoperations.azure.com/v1beta1',
    kind: 'MqttBridgeConnector',
    metadata: { name },
    spec: whole,
  };
}

describe('custom resources', () => {
  test('custom resources - cannot be applied with fields that the schema does not have or has otherwise', async (t) => {
    const { client, name, connectors } = await stage(t);
    const apply = (spec: object) =>
      client.call(
        'PATCH',
        `${connectors}/${name}?fieldManager=one&fieldValidation=Ignore`,
        connector(name, spec),
        APPLY,
      );
    for (const [spec, why] of [
      [{ colour: 'red' }, '.spec.colour: field not declared in schema'],
      [{ protocol: 7 }, '.spec.protocol: expected string, got'],
    ] as const) {
      const { code, body } = await apply(spec);
      expect({ code, why: body.message }).toEqual({ code: 500, why: expect.stringContaining(why) });
    }
    expect((await apply({ protocol: 'v9' })).code).toBe(422);
    expect((await apply({ logLevel: null })).code).toBe(201);
  });

  test('custom resources - fills in defaults and counts changes of the spec only', async (t) => {
    const { client, name, connectors } = await stage(t);
    const made = await client.call('POST', connectors, connector(name));
    expect(made).toMatchObject({
      code: 201,
      body: { metadata: { generation: 1 }, spec: { localBrokerConnection: {} } },
    });
    const labelled = await client.call('PATCH', `${connectors}/${name}`, { metadata: { labels: { a: 'b' } } }, MERGE);
    expect(labelled.body.metadata.generation).toBe(1);
    const changed = await client.call('PATCH', `${connectors}/${name}`, { spec: { bridgeInstances: 2 } }, MERGE);
    expect(changed.body.metadata.generation).toBe(2);
  });

  test('custom resources - refuses what the schema forbids with 422 and a cause', async (t) => {
    const { client, name, connectors } = await stage(t);
    const refused = await client.call('POST', connectors, connector(name, { protocol: 'v9' }));
    expect(refused).toMatchObject({ code: 422, body: { reason: 'Invalid' } });
    expect(refused.body.details.causes[0].field).toBe('spec.protocol');
    const unknown = await client.call(
      'POST',
      `${connectors}?fieldValidation=Strict`,
      connector(name, { colour: 'red' }),
    );
    expect(unknown.code).toBe(400);
    expect(unknown.body.message).toContain('unknown field "spec.colour"');
  });

  test('status - is written through its own address and nothing else is', async (t) => {
    const { client, name, connectors } = await stage(t);
    await client.call('POST', connectors, { ...connector(name), status: { configStatusLevel: 'Error' } });
    const plain = await client.call('PATCH', `${connectors}/${name}`, { status: { backlog: 3 } }, MERGE);
    expect(plain.body.status).toBeUndefined();
    const patch = { status: { backlog: 3 }, spec: { bridgeInstances: 9 } };
    const written = await client.call('PATCH', `${connectors}/${name}/status`, patch, MERGE);
    expect(written.body).toMatchObject({
      status: { backlog: 3 },
      spec: { bridgeInstances: 1 },
      metadata: { generation: 1 },
    });
  });

  test('status - lets two managers own their conditions in one list', async (t) => {
    const { client, name, connectors } = await stage(t);
    await client.call('POST', connectors, connector(name));
    const { apiVersion, kind, metadata } = connector(name) as Reply['body'];
    const apply = (type: string, status: string) => {
      const condition = { type, status, reason: 'Test', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
      const body = { apiVersion, kind, metadata, status: { conditions: [condition] } };
      return client.call('PATCH', `${connectors}/${name}/status?fieldManager=${type.toLowerCase()}`, body, APPLY);
    };
    await apply('Ready', 'False');
    const both = await apply('Accepted', 'True');
    expect(listOf(both.body.status.conditions).map((each) => each.type)).toEqual(['Ready', 'Accepted']);
    const changed = await apply('Ready', 'True');
    expect(listOf(changed.body.status.conditions).map((each) => each.status)).toEqual(['True', 'True']);
    expect(changed.body.metadata.generation).toBe(1);
  });
});
