import type { IConnackPacket } from 'mqtt-packet';
import { encodeConnack } from '../codec/control.ts';
import type { ConnectRequest } from '../hooks.ts';
import type { BrokerProfile } from '../profile.ts';
import { reason } from '../reason.ts';
import { createSession, type Session } from '../session/session.ts';
import { setTimer, stopTimer, type Connection } from './connection.ts';
import { expel } from './finish.ts';
import { watchKeepAlive } from './keep-alive.ts';
import { createLink } from './link.ts';

type ConnackProperties = NonNullable<IConnackPacket['properties']>;

/** What the client is told about the broker: only what differs from the specification's defaults. */
export function connackProperties(profile: BrokerProfile): ConnackProperties {
  return {
    maximumPacketSize: profile.maximumPacketSize,
    ...(profile.topicAliasMaximum > 0 ? { topicAliasMaximum: profile.topicAliasMaximum } : {}),
    ...(profile.receiveMaximum < 0xffff ? { receiveMaximum: profile.receiveMaximum } : {}),
    ...(profile.maximumQos < 2 ? { maximumQoS: profile.maximumQos } : {}),
    ...(profile.retainAvailable ? {} : { retainAvailable: false }),
    ...(profile.wildcardSubscriptionAvailable ? {} : { wildcardSubscriptionAvailable: false }),
    ...(profile.subscriptionIdentifiersAvailable ? {} : { subscriptionIdentifiersAvailable: false }),
    ...(profile.sharedSubscriptionAvailable ? {} : { sharedSubscriptionAvailable: false }),
  };
}

function agreedProperties(connection: Connection, request: ConnectRequest): ConnackProperties {
  const { profile } = connection.core;
  const { verdict } = connection;
  const data = verdict?.kind === 'accepted' ? verdict.data : undefined;
  const keepAliveLimited = profile.serverKeepAlive !== undefined || profile.maximumKeepAlive !== undefined;
  return {
    ...(request.assigned ? { assignedClientIdentifier: request.clientId } : {}),
    ...(keepAliveLimited ? { serverKeepAlive: request.keepAlive } : {}),
    ...(profile.maximumSessionExpiry === undefined ? {} : { sessionExpiryInterval: request.sessionExpiry }),
    ...(request.authenticationMethod === undefined ? {} : { authenticationMethod: request.authenticationMethod }),
    ...(data === undefined ? {} : { authenticationData: data }),
  };
}

/** Takes an earlier connection of the client over and finds or makes its session. */
function openSession(connection: Connection, request: ConnectRequest): { session: Session; present: boolean } {
  const { core } = connection;
  const { clientId } = request;
  core.sessions.get(clientId)?.link?.end(reason.sessionTakenOver);
  const earlier = core.sessions.get(clientId);
  if (earlier !== undefined && !request.cleanStart) {
    core.sessions.resume(earlier);
    core.wills.cancel(earlier);
    return { session: earlier, present: true };
  }
  if (earlier !== undefined) core.sessions.end(earlier, 'clean-start');
  const { authenticationName, version } = connection;
  const session = createSession({ clientId, authenticationName, version }, (made) => core.outboundOf(made));
  core.sessions.add(session);
  return { session, present: false };
}

/** The client is who it says: opens its session, answers CONNACK, then sends what waits for it. */
export function admit(connection: Connection, request: ConnectRequest): void {
  const { core } = connection;
  stopTimer(connection, 'connect');
  const { session, present } = openSession(connection, request);
  session.version = connection.version;
  session.expirySeconds = request.sessionExpiry;
  connection.session = session;
  const properties = { ...connackProperties(core.profile), ...agreedProperties(connection, request) };
  connection.wire.write(encodeConnack(connection.version, 0, present, properties));
  const link = createLink(connection, (reasonCode, cause) =>
    expel(connection, reasonCode, 'ended by the broker', cause),
  );
  session.link = link;
  watchKeepAlive(connection, request.keepAlive);
  watchCredentials(connection);
  core.events.emit('connected', {
    clientId: request.clientId,
    version: connection.version,
    sessionPresent: present,
    authenticationName: connection.authenticationName,
  });
  session.outbound.attach(link);
  session.outbound.pump();
}

/** Ends the connection when its credentials run out before the client renewed them. */
export function watchCredentials(connection: Connection): void {
  const { verdict } = connection;
  stopTimer(connection, 'credentials');
  if (verdict?.kind !== 'accepted' || verdict.validForMs === undefined) return;
  setTimer(connection, 'credentials', verdict.validForMs, () =>
    expel(connection, reason.notAuthorized, 'credentials expired'),
  );
}
