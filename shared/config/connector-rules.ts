import { parseEndpoint } from '../endpoint.ts';
import { EVENT_GRID_AUDIENCE, eventGridHost } from '../event-grid.ts';
import { authenticationOf } from '../resources/authentication.ts';
import type { Connector } from '../resources/connector.ts';
import type { Side } from '../plan/types.ts';
import type { Finding } from './finding.ts';

/** Rules about one connector that a schema cannot say. `raw` tells what its author wrote and what is a default. */
export function connectorFindings(connector: Connector, raw: Readonly<Record<string, unknown>>): Finding[] {
  return [
    ...instanceFindings(connector),
    ...defaultFindings(connector, raw),
    ...sideFindings(connector, 'local'),
    ...sideFindings(connector, 'remote'),
    ...protocolFindings(connector),
    ...eventGridFindings(connector),
  ];
}

/** Host of a connector's broker; empty when the endpoint is not valid. */
export function hostOf(connector: Connector, side: Side): string {
  const parsed = parseEndpoint(brokerOf(connector, side).endpoint);
  return parsed.ok ? parsed.host : '';
}

function brokerOf(connector: Connector, side: Side) {
  return side === 'local' ? connector.spec.localBrokerConnection : connector.spec.remoteBrokerConnection;
}

function instanceFindings({ spec }: Connector): Finding[] {
  if (spec.bridgeInstances > 0) return [];
  return [{ rule: 'BC014', path: ['spec', 'bridgeInstances'], message: 'with 0 instances no route runs' }];
}

function defaultFindings(connector: Connector, raw: Readonly<Record<string, unknown>>): Finding[] {
  const spec = raw.spec as { localBrokerConnection?: { endpoint?: unknown } } | undefined;
  if (spec?.localBrokerConnection?.endpoint !== undefined) return [];
  const message = `the local broker defaults to ${connector.spec.localBrokerConnection.endpoint}`;
  return [{ rule: 'BC007', path: ['spec', 'localBrokerConnection'], message }];
}

function sideFindings(connector: Connector, side: Side): Finding[] {
  const { endpoint, tls } = brokerOf(connector, side);
  const authentication = authenticationOf(connector, side);
  const base = ['spec', side === 'local' ? 'localBrokerConnection' : 'remoteBrokerConnection'];
  const parsed = parseEndpoint(endpoint);
  const port = parsed.ok ? parsed.port : undefined;
  const findings: Finding[] = [];
  const add = (rule: string, path: string[], message: string) =>
    findings.push({ rule, path: [...base, ...path], message });
  if (tls.tlsEnabled && port === 1883)
    add('BC008', ['endpoint'], 'port 1883 is for connections without TLS, and TLS is on');
  if (!tls.tlsEnabled && port === 8883)
    add('BC008', ['endpoint'], 'port 8883 is for connections with TLS, and TLS is off');
  if (tls.tlsEnabled) return findings;
  if (tls.trustedCaCertificateConfigMap !== undefined) {
    add('BC016', ['tls', 'trustedCaCertificateConfigMap'], 'the certificates are not used, since TLS is off');
  }
  const method = [
    'authentication',
    authentication.kind === 'managedIdentity' ? 'systemAssignedManagedIdentity' : authentication.kind,
  ];
  switch (authentication.kind) {
    case 'kubernetes':
      add('BC009', method, 'the service account token is sent without encryption');
      break;
    case 'usernamePassword':
      add('BC009', method, 'the password is sent without encryption');
      break;
    case 'managedIdentity':
      add('BC009', method, 'the access token is sent without encryption');
      break;
    case 'x509':
    case 'x509KeyVault':
      add('BC015', ['authentication', 'x509'], 'a client certificate can only be shown over TLS');
      break;
    case 'anonymous':
      break;
  }
  return findings;
}

function protocolFindings(connector: Connector): Finding[] {
  if (connector.spec.protocol === 'v5') return [];
  const findings: Finding[] = [];
  if (authenticationOf(connector, 'remote').kind === 'managedIdentity') {
    const path = ['spec', 'remoteBrokerConnection', 'authentication', 'systemAssignedManagedIdentity'];
    findings.push({
      rule: 'BC010',
      path,
      message: 'the token of a managed identity travels in MQTT 5 authentication, and protocol is v3',
    });
  }
  const local = authenticationOf(connector, 'local');
  if (local.kind === 'kubernetes' && local.method === 'enhanced') {
    const path = ['spec', 'localBrokerConnection', 'authentication', 'kubernetes', 'method'];
    findings.push({ rule: 'BC017', path, message: 'MQTT 3.1.1 has no enhanced authentication' });
  }
  return findings;
}

function eventGridFindings(connector: Connector): Finding[] {
  const base = ['spec', 'remoteBrokerConnection'];
  const host = hostOf(connector, 'remote');
  const kind = eventGridHost(host);
  if (kind === undefined) return [];
  const findings: Finding[] = [];
  if (kind === 'http') {
    const message = `${host} takes HTTP only`;
    const named = /^([^.]+)\.([^.]+)\.eventgrid\./i.exec(host);
    const advice = named
      ? `use ${named[1]}.${named[2]}.ts.${host.slice(named[0].length - 'eventgrid.'.length)}`
      : undefined;
    findings.push({ rule: 'BC012', path: [...base, 'endpoint'], message, advice });
  }
  if (!connector.spec.remoteBrokerConnection.tls.tlsEnabled) {
    findings.push({
      rule: 'BC011',
      path: [...base, 'tls', 'tlsEnabled'],
      message: 'Event Grid takes no connection without TLS',
    });
  }
  const identity = connector.spec.remoteBrokerConnection.authentication.systemAssignedManagedIdentity;
  if (identity !== undefined && identity.audience.replace(/\/$/, '') !== EVENT_GRID_AUDIENCE) {
    const path = [...base, 'authentication', 'systemAssignedManagedIdentity', 'audience'];
    findings.push({ rule: 'BC013', path, message: `"${identity.audience}" is not the audience of Event Grid` });
  }
  return findings;
}
