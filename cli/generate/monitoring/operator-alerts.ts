import type { AlertGroup } from './alert.ts';

const LEADS = 'on (namespace, instance) (mqttbridge_operator_leader == 1)';

/** Whether the operator does its work; agents bridge on without it. */
export const OPERATOR_ALERTS: AlertGroup = {
  name: 'mqttbridge-operator',
  alerts: [
    {
      name: 'MqttBridgeOperatorAbsent',
      severity: 'warning',
      // Agents that follow an API server were started by an operator.
      expr: 'absent(mqttbridge_operator_leader) and on () count(mqttbridge_api_server_up)',
      forMinutes: 15,
      summary: 'Prometheus has metrics of no operator.',
      description:
        'Agents are there that an operator started, and none is scraped: it does not run, or Prometheus does not find its pods. Agents bridge on; changes of connectors that concern pods wait.',
    },
    {
      name: 'MqttBridgeOperatorWithoutLeader',
      severity: 'critical',
      expr: 'max by (namespace) (mqttbridge_operator_leader) == 0',
      forMinutes: 5,
      summary: 'No operator in namespace {{ $labels.namespace }} leads.',
      description:
        'Operators run in namespace {{ $labels.namespace }} and none of them gets the Lease mqttbridge-operator, so nothing is reconciled. Look at the Lease, at the right to update it, and at /readyz?verbose of the pods.',
    },
    {
      name: 'MqttBridgeReconcileFailing',
      severity: 'warning',
      expr: 'sum by (namespace) (increase(mqttbridge_operator_reconciles_total{outcome="failed"}[5m])) > 0',
      forMinutes: 15,
      summary: 'The operator in namespace {{ $labels.namespace }} keeps failing to reconcile.',
      description:
        'Passes of the operator in namespace {{ $labels.namespace }} over a connector have been failing for 15 minutes: a right is missing, or an admission webhook or quota refuses. Its log names connector and cause.',
    },
    {
      name: 'MqttBridgeOperatorBlind',
      severity: 'warning',
      expr: `mqttbridge_operator_watch_up == 0 and ${LEADS}`,
      forMinutes: 15,
      summary: 'The operator in namespace {{ $labels.namespace }} does not see {{ $labels.resource }}.',
      description:
        'The operator {{ $labels.instance }} in namespace {{ $labels.namespace }} cannot follow {{ $labels.resource }} at the API server: it is away, or the right to list and watch is missing.',
    },
    {
      name: 'MqttBridgeConnectorNotReady',
      severity: 'warning',
      // Pods that never started have no metrics that another alert could see.
      expr: `sum by (namespace) (mqttbridge_operator_connectors{ready!="True"} and ${LEADS}) > 0`,
      forMinutes: 30,
      summary: 'Connectors of the operator in namespace {{ $labels.namespace }} are not ready.',
      description:
        'For 30 minutes a connector of the operator in namespace {{ $labels.namespace }} has not been ready; kubectl get mbc -A shows which, kubectl describe mbc why. It may be one whose pods never started.',
    },
  ],
};
