import type { AlertGroup } from './alert.ts';

/** Whether the brokers can be reached, and as whom. */
export const CONNECTION_ALERTS: AlertGroup = {
  name: 'mqttbridge-connections',
  alerts: [
    {
      name: 'MqttBridgeConnectionDown',
      severity: 'critical',
      // An instance without slots has no sessions, and misses none.
      expr: 'mqttbridge_connection_up == 0 and mqttbridge_sessions > 0',
      forMinutes: 5,
      summary: 'Connector {{ $labels.connector }} is not connected to its {{ $labels.side }} broker.',
      description:
        'Not all sessions of connector {{ $labels.connector }} (instance {{ $labels.instance }}) to the {{ $labels.side }} broker are connected. /readyz?verbose of the agent says why, and what mends it.',
    },
    {
      name: 'MqttBridgeSessionLost',
      severity: 'warning',
      expr: 'increase(mqttbridge_session_lost_total[15m]) > 0',
      forMinutes: 0,
      summary: 'The {{ $labels.side }} broker forgot a session of connector {{ $labels.connector }}.',
      description:
        'What the {{ $labels.side }} broker kept for connector {{ $labels.connector }} is gone; messages may be missing. Compare its session expiry with the length of the outage.',
    },
    {
      name: 'MqttBridgeClientIdConflict',
      severity: 'critical',
      expr: 'mqttbridge_client_id_conflicts > 0',
      forMinutes: 2,
      summary: 'Another client uses the client ID of connector {{ $labels.connector }}.',
      description:
        'At the {{ $labels.side }} broker another client has the client ID of a session of connector {{ $labels.connector }}; each ends the connection of the other. Give one of them another clientIdPrefix.',
    },
  ],
};
