import type { BrokerEvents } from '../broker/events.ts';
import { disconnectionReason, dropReason, type DisconnectionReason, type EmulatorLog } from './life-cycle.ts';
import type { ClientAttributes } from './attributes.ts';
import type { RightsOf, Rights } from './permissions.ts';
import type { SessionRates } from './rates.ts';

/** What the service keeps for a session from its first connection to its end. */
export interface ServiceSession {
  readonly authenticationName: string;
  rates: SessionRates;
  readonly attributes: () => ClientAttributes;
  /** By the attributes its present connection was authenticated with last. */
  rights: Rights;
  /** Of its present connection. */
  sequenceNumber: number;
  /** Why the service is about to end the connection, where the reason code does not say it. */
  blame: DisconnectionReason | undefined;
}

/** A client let in, whose session is about to be opened. */
export interface Arrival {
  readonly clientId: string;
  readonly authenticationName: string;
  /** As found last: renewed credentials may say something else. */
  readonly attributes: () => ClientAttributes;
}

/** The sessions of the service, as the broker's events make and end them. */
export interface ServiceSessions {
  get(clientId: string): ServiceSession | undefined;
  /** Says who the next connected client is. */
  expect(arrival: Arrival): void;
  /** Gives every session new rates, of the settings as they are now. */
  renewRates(): void;
}

/** What sessions are made with. */
export interface SessionParts {
  readonly log: EmulatorLog;
  readonly rates: () => SessionRates;
  readonly rights: RightsOf;
}

/** Follows a broker's events and writes the life-cycle events of its sessions. */
export function followSessions(events: BrokerEvents, { log, rates, rights }: SessionParts): ServiceSessions {
  const sessions = new Map<string, ServiceSession>();
  let arriving: Arrival | undefined;
  let lastSequenceNumber = 0;

  const named = (clientId: string, session: ServiceSession) => ({
    sequenceNumber: session.sequenceNumber,
    clientAuthenticationName: session.authenticationName,
    clientSessionName: clientId,
  });

  events.on('connected', ({ clientId }) => {
    const { authenticationName = '', attributes = () => ({}) } = arriving ?? {};
    arriving = undefined;
    lastSequenceNumber += 1;
    const session: ServiceSession = {
      authenticationName,
      rates: sessions.get(clientId)?.rates ?? rates(),
      attributes,
      rights: rights(authenticationName, attributes()),
      sequenceNumber: lastSequenceNumber,
      blame: undefined,
    };
    sessions.set(clientId, session);
    log.add({ kind: 'connected', ...named(clientId, session) });
  });
  events.on('reauthenticated', ({ clientId }) => {
    const session = sessions.get(clientId);
    if (session !== undefined) session.rights = rights(session.authenticationName, session.attributes());
  });
  events.on('disconnected', ({ clientId, cause }) => {
    const session = sessions.get(clientId);
    if (session === undefined) return;
    const why = session.blame ?? disconnectionReason(cause);
    log.add({ kind: 'disconnected', ...named(clientId, session), disconnectionReason: why });
  });
  events.on('sessionEnded', ({ clientId, cause }) => {
    const session = sessions.get(clientId);
    sessions.delete(clientId);
    if (session !== undefined) {
      log.add({ kind: 'sessionDropped', ...named(clientId, session), dropReason: dropReason(cause) });
    }
  });
  events.on('refused', ({ clientId, reasonCode }) =>
    log.add({ kind: 'refused', clientSessionName: clientId, reasonCode }),
  );
  return {
    get: (clientId) => sessions.get(clientId),
    expect(arrival) {
      arriving = arrival;
    },
    renewRates() {
      for (const session of sessions.values()) session.rates = rates();
    },
  };
}
