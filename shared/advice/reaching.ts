import { EVENT_GRID_AUDIENCE, eventGridHost } from '../event-grid.ts';
import { certificateEnded } from './admission.ts';
import {
  CERTIFICATE_KEYS,
  describePod,
  registerClient,
  renewCertificate,
  replaceConfigMap,
  replaceSecret,
  setting,
  showHost,
  showIdentity,
} from './commands.ts';
import { FROM_VAULT } from './key-vault.ts';
import type { Adviser, Situation } from './situation.ts';

/** Sets the clock of this machine by the network's. */
const SET_CLOCK = 'timedatectl set-ntp true';
const WSS_PORT = 443;

/** Adds a fix to the sentence that is known already. */
const withFix =
  (fixOf: (situation: Situation) => string | undefined): Adviser =>
  (situation) => {
    const { message } = situation.fault;
    const fix = fixOf(situation);
    return message === undefined || fix === undefined ? undefined : { sentence: message, fix };
  };

/** The endpoint is the HTTP host of an Event Grid namespace, or its port and protocol do not fit. */
const wrongDoor: Adviser = ({ host, port, block, connector }) => {
  const path = `${block}.endpoint`;
  if (eventGridHost(host) === 'http') {
    const mqttHost = host.replace(/\.eventgrid\./i, '.ts.eventgrid.');
    return {
      sentence: `${host} is the host of the namespace for events over HTTP; MQTT is at ${mqttHost}.`,
      fix: setting(path, `${mqttHost}:8883`),
    };
  }
  // Behind a name of its own a namespace may have anything in front of it.
  if (eventGridHost(host) === undefined) return undefined;
  const { protocol, tls } = connector.spec.remoteBrokerConnection;
  if (!tls.tlsEnabled) {
    return { sentence: `Event Grid takes no connection without TLS.`, fix: setting(`${block}.tls.tlsEnabled`, 'true') };
  }
  if ((port === WSS_PORT) === (protocol === 'webSocket')) return undefined;
  return port === WSS_PORT
    ? {
        sentence: `Port 443 of Event Grid speaks MQTT over WebSocket only.`,
        fix: setting(`${block}.protocol`, 'webSocket'),
      }
    : { sentence: `Event Grid speaks MQTT over WebSocket at port 443 only.`, fix: setting(path, `${host}:443`) };
};

const certificateRefused: Adviser = (situation) =>
  certificateEnded(situation) ??
  withFix(({ authentication, block, isEventGrid }) => {
    if (authentication.kind !== 'x509' && authentication.kind !== 'x509KeyVault') {
      return setting(`${block}.authentication.x509.secretName`, 'SECRET');
    }
    return isEventGrid ? registerClient(situation) : undefined;
  })(situation);

const silentClose: Adviser = (situation) => wrongDoor(situation) ?? certificateEnded(situation);

const trustFix: Adviser = withFix(({ connector, block, fault }) => {
  const { tls } = connector.spec[fault.side === 'local' ? 'localBrokerConnection' : 'remoteBrokerConnection'];
  const name = tls.trustedCaCertificateConfigMap;
  return name === undefined
    ? setting(`${block}.tls.trustedCaCertificateConfigMap`, 'CONFIGMAP')
    : replaceConfigMap(connector, name);
});

const secretFix: Adviser = withFix(({ connector, authentication }) => {
  switch (authentication.kind) {
    case 'usernamePassword':
      return replaceSecret(connector, authentication.secretName, ['username', 'password']);
    case 'x509KeyVault': {
      const { servicePrincipalLocalSecretName: name } = authentication.keyVault.vault.credentials;
      return replaceSecret(connector, name, ['clientid', 'clientsecret']);
    }
    case 'x509':
    case 'anonymous':
    case 'managedIdentity':
    case 'kubernetes':
      return renewCertificate(connector, authentication);
  }
});

const pairFix: Adviser = (situation) =>
  FROM_VAULT[situation.fault.reason]?.(situation) ??
  withFix(({ connector, authentication }) =>
    authentication.kind === 'x509' ? replaceSecret(connector, authentication.secretName, CERTIFICATE_KEYS) : undefined,
  )(situation);

const namespaceFix: Adviser = (situation) =>
  wrongDoor(situation) ?? withFix((given) => (given.isEventGrid ? showHost(given) : undefined))(situation);

const podFix: Adviser = withFix(({ connector }) => describePod(connector));

/** What to do when a broker cannot be reached, or there is nothing to log on with, by reason. */
export const REACHING: Readonly<Record<string, Adviser>> = {
  ...FROM_VAULT,
  DnsFailed: namespaceFix,
  ConnectionRefused: wrongDoor,
  ConnectTimeout: wrongDoor,
  ConnackTimeout: wrongDoor,
  ConnectionReset: silentClose,
  ConnectionClosed: silentClose,
  TlsHandshakeFailed: silentClose,
  WebSocketRefused: wrongDoor,
  TlsNameMismatch: namespaceFix,
  TlsVerifyFailed: trustFix,
  CaInvalid: trustFix,
  TlsExpired: withFix(({ isEventGrid }) => (isEventGrid ? SET_CLOCK : undefined)),
  TlsClientCertificateRejected: certificateRefused,
  TlsMaterialInvalid: pairFix,
  CertificateInvalid: pairFix,
  KeyMismatch: pairFix,
  SecretKeyMissing: secretFix,
  SecretInvalid: secretFix,
  FileMissing: secretFix,
  TlsRequired: withFix(({ block }) => setting(`${block}.tls.tlsEnabled`, 'true')),
  TokenEmpty: podFix,
  TokenInvalid: podFix,
  TokenTimeout: podFix,
  IdentityUnreachable: podFix,
  TokenFailed: withFix(showIdentity),
  TokenExpired: withFix(() => SET_CLOCK),
  TokenAudienceRefused: withFix(({ block }) =>
    setting(`${block}.authentication.systemAssignedManagedIdentity.audience`, EVENT_GRID_AUDIENCE),
  ),
};
