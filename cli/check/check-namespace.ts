import { authenticationOf } from '../../shared/resources/authentication.ts';
import type { Connector } from '../../shared/resources/connector.ts';
import type { Namespace, NamespaceReading } from './namespace.ts';
import { finding, type Outcome } from './outcome.ts';
import type { Finding } from './report-schema.ts';

const SUBJECT = { check: 'namespace', side: 'remote' } as const;
const HOUR_SECONDS = 3_600;

/** Whether the namespace could be read, where it was asked for, and whether its settings fit the connector. */
export function judgeNamespace(connector: Connector, reading: NamespaceReading): Outcome {
  switch (reading.kind) {
    case 'unasked':
      return { findings: [] };
    case 'failed': {
      const { message, advice } = reading;
      return { findings: [finding(SUBJECT, 'warning', { message, advice, reason: 'NamespaceUnreadable' })] };
    }
    case 'read': {
      const { namespace } = reading;
      const wrong = [disabled(namespace), nameless(connector, namespace), shortLived(connector, namespace)];
      const findings = wrong.filter((one) => one !== undefined);
      const message = `The settings of namespace ${namespace.name} fit the connector`;
      return { findings: findings.length > 0 ? findings : [finding(SUBJECT, 'ok', { message })] };
    }
  }
}

function disabled({ id, name, properties }: Namespace): Finding | undefined {
  if (properties.topicSpacesConfiguration?.state === 'Enabled') return undefined;
  const message = `The MQTT broker of namespace ${name} is switched off`;
  return finding(SUBJECT, 'error', { message, reason: 'MqttDisabled', advice: updateCommand(id, 'state:Enabled') });
}

/** The bridge sends no user name with a certificate, so that the certificate must name the client. */
function nameless(connector: Connector, { id, name, properties }: Namespace): Finding | undefined {
  const { kind } = authenticationOf(connector, 'remote');
  const sources = properties.topicSpacesConfiguration?.clientAuthentication?.alternativeAuthenticationNameSources;
  if ((kind !== 'x509' && kind !== 'x509KeyVault') || (sources?.length ?? 0) > 0) return undefined;
  const change = 'clientAuthentication:{alternativeAuthenticationNameSources:[ClientCertificateSubject]}';
  return finding(SUBJECT, 'error', {
    message: `Namespace ${name} takes the name of a client from its user name only, and the bridge shows a certificate without one`,
    reason: 'NameSourceMissing',
    advice: updateCommand(id, change),
  });
}

function shortLived({ spec }: Connector, { id, name, properties }: Namespace): Finding | undefined {
  const hours = properties.topicSpacesConfiguration?.maximumSessionExpiryInHours;
  if (hours === undefined || spec.session.expirySeconds <= hours * HOUR_SECONDS) return undefined;
  const wanted = Math.ceil(spec.session.expirySeconds / HOUR_SECONDS);
  const possible = wanted <= MOST_EXPIRY_HOURS;
  return finding(SUBJECT, 'warning', {
    message: `Namespace ${name} keeps a session for ${hours} h at most, and session.expirySeconds asks for ${spec.session.expirySeconds} s`,
    reason: 'SessionExpiryCapped',
    advice: possible
      ? updateCommand(id, `maximumSessionExpiryInHours:${wanted}`)
      : `session.expirySeconds: ${MOST_EXPIRY_HOURS * HOUR_SECONDS}, the most that Event Grid allows`,
  });
}

const MOST_EXPIRY_HOURS = 8;

/** Changes the MQTT settings of a namespace, named by its resource ID. */
export function updateCommand(id: string, change: string): string {
  return `az eventgrid namespace update --ids ${id} --topic-spaces-configuration "{${change}}"`;
}
