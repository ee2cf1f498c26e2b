import { createBroker, type Broker } from '../broker/broker.ts';
import { systemClock, type Clock } from '../broker/clock.ts';
import type { BrokerHooks } from '../broker/hooks.ts';
import type { BrokerLogger } from '../broker/logging.ts';
import type { Authenticator } from './authentication/authenticator.ts';
import { openDoor } from './authentication/open-door.ts';
import { eventGridHooks } from './hooks.ts';
import { createEmulatorLog, type EmulatorLog } from './life-cycle.ts';
import { rightsOf, type PermissionTable } from './permissions.ts';
import { eventGridProfiles, type EventGridProfileName } from './profiles.ts';
import { createSessionRates } from './rates.ts';
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
  readonly clock?: Clock;
  /** Milliseconds since 1970, for the validity of tokens and certificates. */
  readonly wallClock?: () => number;
  /** Yields [0, 1). */
  readonly random?: () => number;
  readonly logger?: BrokerLogger;
}

/** A broker that behaves as Event Grid's. */
export interface EventGridEmulator extends Broker {
  readonly settings: EventGridSettings;
  /** Life-cycle events, refusals and throttling. */
  readonly log: EmulatorLog;
}

/** An emulator that does nothing until it listens; several may live in one process. */
export function createEventGridEmulator(options: EventGridOptions = {}): EventGridEmulator {
  const settings: EventGridSettings = { ...eventGridProfiles[options.profile ?? 'eventgrid'], ...options.settings };
  const { clock = systemClock, authenticator = openDoor, permissions, random, logger } = options;
  const log = createEmulatorLog();
  let sessions: ServiceSessions | undefined;
  const hooks = eventGridHooks({
    settings,
    authenticator,
    log,
    now: () => clock.now(),
    wallClock: options.wallClock ?? Date.now,
    sessions: {
      get: (clientId) => sessions?.get(clientId),
      expect: (arrival) => sessions?.expect(arrival),
    },
    faults: options.hooks ?? {},
  });
  const broker = createBroker({
    profile: settings,
    hooks,
    clock,
    ...(random === undefined ? {} : { random }),
    ...(logger === undefined ? {} : { logger }),
  });
  sessions = followSessions(broker.events, {
    log,
    rates: () => createSessionRates(settings),
    rights: (name, attributes) => rightsOf(permissions, name, attributes),
  });
  return { ...broker, settings, log };
}
