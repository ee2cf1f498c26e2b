import type { GeneratedFile } from '../../../shared/schema/generated.ts';
import { jsonText } from '../../../shared/schema/json-text.ts';
import { alertsPage } from './alerts-page.ts';
import { dashboard } from './dashboard/dashboard.ts';
import { agentMonitor, operatorMonitor } from './monitors.ts';
import { prometheusRule, ruleFile, yamlText } from './rules.ts';

const COMPONENT = 'infra/kubernetes/monitoring';
/** A chart reads no file outside its own folder, and Kustomize none outside its own: each gets what it can include. */
const CHART = 'infra/kubernetes/helm/mqttbridge/files';

/** What is put into Prometheus and Grafana, as it must be committed. */
export function monitoringFiles(): GeneratedFile[] {
  const dashboardText = `${jsonText(dashboard(), '')}\n`;
  return [
    { path: `${COMPONENT}/agents.yaml`, text: yamlText(agentMonitor()) },
    { path: `${COMPONENT}/operator.yaml`, text: yamlText(operatorMonitor()) },
    { path: `${COMPONENT}/prometheus-rule.yaml`, text: yamlText(prometheusRule()) },
    { path: `${COMPONENT}/alerts.yaml`, text: yamlText(ruleFile()) },
    { path: `${COMPONENT}/dashboard.json`, text: dashboardText },
    { path: `${CHART}/alerts.yaml`, text: yamlText(ruleFile()) },
    { path: `${CHART}/dashboard.json`, text: dashboardText },
    { path: 'docs/reference/alerts.md', text: alertsPage() },
  ];
}
