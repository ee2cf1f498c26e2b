import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { CONNECTORS, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { LEASES, OWNED_KINDS } from '../../../operator/kinds.ts';
import { eventually } from '../../support/eventually.ts';
import { startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { mortalClient } from '../../support/kubernetes/mortal-client.ts';
import { startOperator } from '../../support/kubernetes/operator.ts';
import { type OperatorStage, operatorStage } from '../../support/kubernetes/operator-stage.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import { createScope, type Scope } from '../../support/scope.ts';

test('operator - that dies before or after any of its writes leaves nothing that the next one cannot bring about', async (t) => {
  const server = await startApiServer(t);
  const on = await operatorStage(t, { kubeconfig: server.kubeconfig(), namespace: 'default' });
  const wanted = await shapeAfter(on, undefined);
  let deaths = 0;
  for (let write = 1; ; write++) {
    const [before, after] = await Promise.all(
      (['before', 'after'] as const).map((when) => shapeAfter(on, { write, when })),
    );
    expect(before?.shape).toEqual(wanted.shape);
    expect(after?.shape).toEqual(wanted.shape);
    if (before === undefined || !before.died) break;
    deaths += 1;
  }
  expect(deaths).toBeGreaterThanOrEqual(OWNED_KINDS.length + 2);
});

interface Death {
  readonly write: number;
  readonly when: 'before' | 'after';
}

/** What is in a namespace of its own after an operator has died in it, and another one has gone on. */
async function shapeAfter({ client, kubeconfig }: OperatorStage, death: Death | undefined) {
  const scope = createScope();
  const namespace = `death-${randomUUID().slice(0, 8)}`;
  try {
    const on = await operatorStage(scope, { client, kubeconfig, namespace });
    await on.put(connectorResource('edge', { bridgeInstances: 2 }));
    await on.put(topicMapResource('map', 'edge'));
    const died = death !== undefined && (await dieIn(scope, on, death));
    await on.remove(LEASES, 'mqttbridge-operator');
    const operator = await startOperator(scope, on);
    await eventually(async () => (await on.workload('aio-mq-edge')).length === OWNED_KINDS.length);
    await eventually(async () => (await on.condition(TOPIC_MAPS, 'map', 'Ready')) !== undefined);
    await operator.settled();
    const objects = await Promise.all([
      on.workload('aio-mq-edge'),
      on.get(CONNECTORS, 'edge'),
      on.get(TOPIC_MAPS, 'map'),
    ]);
    return { died, shape: objects.flat().map((each) => shapeOf(each as unknown as object, namespace)) };
  } finally {
    await scope.close();
  }
}

async function dieIn(scope: Scope, on: OperatorStage, death: Death): Promise<boolean> {
  const mortal = mortalClient(on.client, death);
  const operator = await startOperator(scope, { ...on, client: mortal.client });
  await Promise.race([mortal.dead, operator.settled().catch(() => undefined)]);
  return mortal.isDead();
}

/** An object without what differs from one run to the next. */
function shapeOf(object: object, namespace: string): unknown {
  const text = JSON.stringify(object, (name, value: unknown) =>
    ['uid', 'resourceVersion', 'creationTimestamp', 'managedFields', 'lastTransitionTime', 'generation'].includes(
      name,
    ) || name.endsWith('/applied')
      ? undefined
      : value,
  );
  return JSON.parse(text.replaceAll(namespace, 'NAMESPACE'));
}
