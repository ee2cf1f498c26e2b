/** Scraped every 30 s: the windows of the alerts hold many samples, and a missed one changes nothing. */
const ENDPOINT = { port: 'http', path: '/metrics', interval: '30s', scrapeTimeout: '10s' };
/** Gives series of agents the label job="mqttbridge", which alerts about scrapes and processes select by. */
const NAME_LABEL = 'app.kubernetes.io/name';

/** Tells the Prometheus operator to scrape the agents, by the headless Service of each connector in the same namespace. */
export function agentMonitor(): object {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'mqttbridge-agents', labels: { [NAME_LABEL]: 'mqttbridge' } },
    spec: {
      jobLabel: NAME_LABEL,
      selector: { matchLabels: { [NAME_LABEL]: 'mqttbridge', 'app.kubernetes.io/component': 'agent' } },
      endpoints: [ENDPOINT],
    },
  };
}

/** Tells the Prometheus operator to scrape the operator's pods: each tells whether it leads. */
export function operatorMonitor(): object {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name: 'mqttbridge-operator', labels: { [NAME_LABEL]: 'mqttbridge-operator' } },
    spec: {
      jobLabel: NAME_LABEL,
      selector: {
        matchLabels: { 'app.kubernetes.io/component': 'operator', 'app.kubernetes.io/part-of': 'mqttbridge' },
      },
      podMetricsEndpoints: [ENDPOINT],
    },
  };
}
