import type { ConnectionSpec } from '../../agent/session/credentials/spec.ts';
import { eventGridHost } from '../../shared/event-grid.ts';
import { ended, finding, type Outcome } from './outcome.ts';

const MQTT_PORT = 8883;
const WEB_SOCKET_PORT = 443;

/** Which of the two hosts of an Event Grid namespace the remote endpoint is, and whether its port fits. */
export function checkHost({ side, host, port, transport }: ConnectionSpec): Outcome {
  const subject = { check: 'host', side } as const;
  const kind = eventGridHost(host);
  if (kind === undefined) return { findings: [] };
  if (kind === 'http') {
    const message = `The host ${host} is the HTTP host of the Event Grid namespace and does not speak MQTT`;
    const advice = `set ${side}BrokerConnection.endpoint to ${mqttHostOf(host)}:${port}`;
    return ended(subject, 'error', { message, advice, reason: 'EventGridHttpHost' });
  }
  const wanted = transport === 'ws' ? WEB_SOCKET_PORT : MQTT_PORT;
  if (port === wanted) {
    return {
      findings: [finding(subject, 'ok', { message: `The host ${host} is the MQTT host of an Event Grid namespace` })],
    };
  }
  const way = transport === 'ws' ? 'MQTT over WebSocket' : 'MQTT';
  return ended(subject, 'warning', {
    message: `Event Grid takes ${way} at port ${wanted}, and the endpoint names ${port}`,
    advice: `set ${side}BrokerConnection.endpoint to ${host}:${wanted}, or change protocol`,
    reason: 'EventGridPort',
  });
}

/** The MQTT host of the namespace that an HTTP host belongs to. */
function mqttHostOf(host: string): string {
  return host.replace(/\.eventgrid\.azure\./i, '.ts.eventgrid.azure.');
}
