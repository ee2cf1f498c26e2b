import { stringify } from 'yaml';
import { AGENT_ALERTS } from './agent-alerts.ts';
import { type Alert, type AlertGroup, runbookOf } from './alert.ts';
import { CONNECTION_ALERTS } from './connection-alerts.ts';
import { CREDENTIAL_ALERTS } from './credential-alerts.ts';
import { OPERATOR_ALERTS } from './operator-alerts.ts';
import { ROUTE_ALERTS } from './route-alerts.ts';

/** Every alert, by what it is about. */
export const ALERT_GROUPS: readonly AlertGroup[] = [
  CONNECTION_ALERTS,
  ROUTE_ALERTS,
  CREDENTIAL_ALERTS,
  AGENT_ALERTS,
  OPERATOR_ALERTS,
];

/** A file of rules as Prometheus reads it. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** An alert in such a file. */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

/** All alerts as rules of Prometheus. */
export function ruleFile(): RuleFile {
  return { groups: ALERT_GROUPS.map(({ name, alerts }) => ({ name, rules: alerts.map(ruleOf) })) };
}

function ruleOf(alert: Alert): Rule {
  const { name, expr, forMinutes, severity, summary, description } = alert;
  return {
    alert: name,
    expr,
    ...(forMinutes === 0 ? {} : { for: `${forMinutes}m` }),
    labels: { severity },
    annotations: { summary, description, runbook_url: runbookOf(alert) },
  };
}

/** The rules as the object that the Prometheus operator takes. */
export function prometheusRule(): object {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'mqttbridge', labels: { 'app.kubernetes.io/name': 'mqttbridge' } },
    spec: ruleFile(),
  };
}

/** Says on top of a YAML file where it comes from. */
export function yamlText(value: unknown): string {
  return `# Made by node cli/generate/main.ts from cli/generate/monitoring; do not edit.\n${stringify(value, { lineWidth: 0 })}`;
}
