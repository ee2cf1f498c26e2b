import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { startOperator } from '../../support/kubernetes/operator.ts';
import { operatorStage } from '../../support/kubernetes/operator-stage.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import { OWNED_KINDS } from '../../../operator/kinds.ts';

const CONNECTORS = 25;
const MAPS_EACH = 5;

test('operator - writes each object and status once, and at its next start asks for lists and watches alone', async (t) => {
  const server = await startApiServer(t);
  const on = await operatorStage(t, { kubeconfig: server.kubeconfig(), namespace: 'default' });
  const names = Array.from({ length: CONNECTORS }, (_, index) => `c${index}`);
  for (const name of names) {
    await on.put(connectorResource(name));
    for (let map = 0; map < MAPS_EACH; map++) await on.put(topicMapResource(`${name}-${map}`, name));
  }
  server.log.clear();
  const first = await startOperator(t, on);
  await eventually(() => first.snapshot().counts.reconciles.changed >= CONNECTORS, { deadlineMs: 20_000 });
  await first.settled();
  const { writes } = first.snapshot().counts;
  const count = (kind: string) => writes.find((entry) => entry.kind === kind)?.count;
  for (const { kind } of OWNED_KINDS) expect([kind, count(kind)]).toEqual([kind, CONNECTORS]);
  expect(count('MqttBridgeConnector')).toBe(CONNECTORS);
  expect(count('MqttBridgeTopicMap')).toBe(CONNECTORS * MAPS_EACH);
  await first.stop();
  server.log.clear();
  const second = await startOperator(t, on);
  await eventually(() => second.snapshot().counts.reconciles.unchanged >= CONNECTORS);
  await second.settled();
  const asked = Object.keys(server.log.counts()).filter((what) => !/^(list|watch) |leases$/.test(what));
  expect(asked).toEqual([]);
  expect(second.snapshot().counts.writes).toEqual([]);
});
