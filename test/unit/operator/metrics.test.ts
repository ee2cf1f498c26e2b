import { expect, test } from 'vitest';
import { metricsText } from '../../../agent/observe/metrics.ts';
import { createCounter } from '../../../operator/observe/counts.ts';
import { STATEFUL_SETS } from '../../../operator/kinds.ts';
import { OPERATOR_METRICS } from '../../../operator/observe/metrics.ts';
import type { OperatorSnapshot } from '../../../operator/operator.ts';
import { judgeOperator } from '../../../operator/observe/readiness.ts';

function snapshotOf(changes: Partial<OperatorSnapshot> = {}): OperatorSnapshot {
  return {
    leading: true,
    queued: 0,
    working: 0,
    counts: createCounter().counts(),
    copies: { statefulsets: 'synced', services: 'apart' },
    synced: true,
    connectors: { True: 2, False: 1, Unknown: 0 },
    topicMaps: 5,
    forbidden: 0,
    ...changes,
  };
}

test('metrics of the operator - count passes, writes and watches, and say how long passes take', async () => {
  const counter = createCounter();
  counter.reconciled('changed', 0.02);
  counter.reconciled('unchanged', 0.0005);
  counter.reconciled('unchanged', 60);
  counter.written('apply', STATEFUL_SETS);
  counter.written('apply', STATEFUL_SETS);
  counter.watched(STATEFUL_SETS);
  const { body } = await metricsText(OPERATOR_METRICS, snapshotOf({ counts: counter.counts() }));
  const lines = body.split('\n');
  for (const line of [
    'mqttbridge_operator_leader 1',
    'mqttbridge_operator_reconciles_total{outcome="unchanged"} 2',
    'mqttbridge_operator_reconcile_duration_seconds_bucket{le="0.001"} 1',
    'mqttbridge_operator_reconcile_duration_seconds_bucket{le="0.05"} 2',
    'mqttbridge_operator_reconcile_duration_seconds_bucket{le="+Inf"} 3',
    'mqttbridge_operator_reconcile_duration_seconds_count 3',
    'mqttbridge_operator_writes_total{kind="StatefulSet",verb="apply"} 2',
    'mqttbridge_operator_watches_total{resource="statefulsets"} 1',
    'mqttbridge_operator_watch_up{resource="services"} 0',
    'mqttbridge_operator_connectors{ready="True"} 2',
  ]) {
    expect(lines).toContain(line);
  }
});

test('readiness of the operator - is that everything was seen once; who leads and what is down is told', () => {
  expect(judgeOperator(snapshotOf({ leading: false }))).toEqual({
    ready: true,
    text: expect.stringMatching(/^\[\+\]watch statefulsets ok\n\[-\]watch services failed: apart\n.*stands by\n/),
  });
  expect(judgeOperator(snapshotOf({ synced: false }))).toMatchObject({ ready: false });
});
