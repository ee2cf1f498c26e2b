import type { AlertGroup } from './alert.ts';
import { THRESHOLDS } from './thresholds.ts';

const DAY = 86_400;
const warning = THRESHOLDS.certificateWarningDays;
const critical = THRESHOLDS.certificateCriticalDays;

/** Whether the agents can go on logging on. */
export const CREDENTIAL_ALERTS: AlertGroup = {
  name: 'mqttbridge-credentials',
  alerts: [
    {
      name: 'MqttBridgeCertificateEndsSoon',
      severity: 'warning',
      expr: `mqttbridge_certificate_expiry_timestamp_seconds - time() < ${warning * DAY} >= ${critical * DAY}`,
      forMinutes: 0,
      summary: `The {{ $labels.side }} client certificate of connector {{ $labels.connector }} ends in less than ${warning} days.`,
      description:
        'The client certificate that connector {{ $labels.connector }} uses at its {{ $labels.side }} broker ends soon. Put a newer pair into the Secret or the vault; the next connection takes it.',
    },
    {
      name: 'MqttBridgeCertificateEnds',
      severity: 'critical',
      expr: `mqttbridge_certificate_expiry_timestamp_seconds - time() < ${critical * DAY}`,
      forMinutes: 0,
      summary: `The {{ $labels.side }} client certificate of connector {{ $labels.connector }} ends in less than ${critical} days.`,
      description:
        'The client certificate that connector {{ $labels.connector }} uses at its {{ $labels.side }} broker ends, or has ended; after that no connection is accepted. Put a newer pair into the Secret or the vault now.',
    },
    {
      name: 'MqttBridgeCertificateRefused',
      severity: 'warning',
      expr: 'mqttbridge_certificate_renewal_failing == 1',
      forMinutes: 15,
      summary: 'The newest {{ $labels.side }} client certificate of connector {{ $labels.connector }} cannot be used.',
      description:
        'A newer pair for the {{ $labels.side }} broker of connector {{ $labels.connector }} cannot be used, and the one before goes on. certificates[].rejected in /status says why.',
    },
    {
      name: 'MqttBridgeTokenRenewalFailing',
      severity: 'critical',
      // A token that has ended tells the same where nobody is asked for it: the file of a service account.
      expr: 'mqttbridge_token_renewal_failing == 1 or mqttbridge_token_expiry_timestamp_seconds - time() < 0',
      forMinutes: 5,
      summary: 'Connector {{ $labels.connector }} gets no new token for its {{ $labels.side }} broker.',
      description:
        'The token of connector {{ $labels.connector }} for its {{ $labels.side }} broker is not renewed; when it ends, so does the connection. tokens[].rejected in /status says why.',
    },
  ],
};
