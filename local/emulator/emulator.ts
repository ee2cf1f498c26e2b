import { randomUUID } from 'node:crypto';
import { createBroker, type Broker } from '../broker/broker.ts';
import { systemClock, type Clock } from '../broker/clock.ts';
import type { BrokerHooks } from '../broker/hooks.ts';
import type { BrokerLogger } from '../broker/logging.ts';
import type { BrokerProfile } from '../broker/profile.ts';
import { reason } from '../broker/reason.ts';
import type { Authenticator } from './authentication/authenticator.ts';
import { openDoor } from './authentication/open-door.ts';
import { takeCensus, type Census } from './census.ts';
import { LOCAL_NAMESPACE, onLifeCycle, type LifeCycleCloudEvent } from './cloud-events.ts';
import { eventGridHooks } from './hooks.ts';
import { createEmulatorLog, type DisconnectionReason, type EmulatorLog } from './life-cycle.ts';
import { createRights, type PermissionTable } from './permissions.ts';
import { eventGridProfiles, type EventGridProfileName } from './profiles.ts';
import { createRates } from './rates.ts';
import { followSessions, type ServiceSessions } from './sessions.ts';
import type { EventGridSettings } from './settings.ts';

/** What an emulator is made from; everything has a default. */
export interface EventGridOptions {
  /** Default `eventgrid`. */
  readonly profile?: EventGridProfileName;
  /** Settings that differ from the profile. */
  readonly settings?: Partial<EventGridSettings>;
  /** Default `openDoor`: everybody is let in under the user name, or without one under the client identifier. */
  readonly authenticator?: Authenticator;
  /** Who may do what; everybody everything when absent. */
  readonly permissions?: PermissionTable;
  /** Decisions the service does not take: faults of tests. */
  readonly hooks?: Pick<BrokerHooks, 'onPublish' | 'onDeliver' | 'onPuback'>;
  /** Resource ID of the namespace, the source of its life-cycle events; default `LOCAL_NAMESPACE`. */
  readonly resourceId?: string;
  /** Told of each connection and disconnection as the service's system topic tells its subscribers. */
  readonly onLifeCycleEvent?: (event: LifeCycleCloudEvent) => void;
  /** Makes the identifier of a life-cycle event; default a random UUID. */
  readonly newId?: () => string;
  readonly clock?: Clock;
  /** Milliseconds since 1970, for the validity of tokens and certificates. */
  readonly wallClock?: () => number;
  /** Yields [0, 1). */
  readonly random?: () => number;
  readonly logger?: BrokerLogger;
}

/** What an operator of the service changes without a restart. */
export type Adjustment = Partial<
  Pick<
    EventGridSettings,
    | 'inboundMessagesPerSecond'
    | 'inboundBytesPerSecond'
    | 'namespaceInboundMessagesPerSecond'
    | 'namespaceInboundBytesPerSecond'
    | 'maximumClientSessionsPerAuthenticationName'
    | 'maximumSessions'
  >
>;

/** A broker that behaves as Event Grid's. */
export interface EventGridEmulator extends Broker {
  readonly settings: EventGridSettings;
  /** Changes quotas and rates while it runs; sessions that are there begin anew with full buckets. */
  adjust(changes: Adjustment): void;
  /** Life-cycle events, refusals and throttling. */
  readonly log: EmulatorLog;
  /** Ends a client's connection as the service does for this reason, which its life-cycle event says. */
  expel(clientId: string, why: Expulsion): void;
}

/** The reasons for which the service ends a connection. */
export type Expulsion = Exclude<DisconnectionReason, 'ClientInitiatedDisconnect' | 'ConnectionLost'>;

const EXPULSIONS: Readonly<Record<Expulsion, number>> = {
  ClientAuthenticationError: reason.notAuthorized,
  ClientAuthorizationError: reason.notAuthorized,
  ClientError: reason.protocolError,
  IpForbidden: reason.notAuthorized,
  QuotaExceeded: reason.quotaExceeded,
  ServerError: reason.unspecified,
  ServerInitiatedDisconnect: reason.administrativeAction,
  SessionOverflow: reason.quotaExceeded,
  SessionTakenOver: reason.sessionTakenOver,
};

/** The broker's own limits, those of the namespace for all its units. */
function profileOf(settings: EventGridSettings): BrokerProfile {
  const { throughputUnits, maximumRetainedMessages, maximumRetainedTotalBytes } = settings;
  return {
    ...settings,
    maximumRetainedMessages: maximumRetainedMessages * throughputUnits,
    maximumRetainedTotalBytes: maximumRetainedTotalBytes * throughputUnits,
  };
}

/** An emulator that does nothing until it listens; several may live in one process. */
export function createEventGridEmulator(options: EventGridOptions = {}): EventGridEmulator {
  const settings = { ...eventGridProfiles[options.profile ?? 'eventgrid'], ...options.settings };
  const { clock = systemClock, wallClock = Date.now, authenticator = openDoor, random, logger } = options;
  const log = createEmulatorLog();
  let followed: { readonly sessions: ServiceSessions; readonly census: Census } | undefined;
  const hooks = eventGridHooks({
    settings,
    authenticator,
    log,
    now: () => clock.now(),
    wallClock,
    sessions: {
      get: (clientId) => followed?.sessions.get(clientId),
      expect: (arrival) => followed?.sessions.expect(arrival),
    },
    census: { subscribe: (clientId, filter) => followed?.census.subscribe(clientId, filter) ?? false },
    faults: options.hooks ?? {},
  });
  const broker = createBroker({
    profile: profileOf(settings),
    hooks,
    clock,
    ...(random === undefined ? {} : { random }),
    ...(logger === undefined ? {} : { logger }),
  });
  let newRates = createRates(settings);
  const sessions = followSessions(broker.events, {
    log,
    rates: () => newRates(),
    rights: createRights(options.permissions),
  });
  followed = { sessions, census: takeCensus(broker.events, settings) };
  const { resourceId: source = LOCAL_NAMESPACE, newId = randomUUID, onLifeCycleEvent } = options;
  if (onLifeCycleEvent !== undefined) onLifeCycle(log, { source, newId, wallClock }, onLifeCycleEvent);
  return {
    ...broker,
    settings,
    log,
    adjust(changes) {
      Object.assign(settings, changes);
      newRates = createRates(settings);
      sessions.renewRates();
    },
    expel: (clientId, why) => expel(broker, sessions, clientId, why),
  };
}

function expel(broker: Broker, sessions: ServiceSessions, clientId: string, why: Expulsion): void {
  const session = sessions.get(clientId);
  if (session !== undefined) session.blame = why;
  broker.disconnect(clientId, EXPULSIONS[why]);
}
