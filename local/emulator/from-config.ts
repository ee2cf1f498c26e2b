import { systemClock } from '../broker/clock.ts';
import type { BrokerLogger } from '../broker/logging.ts';
import { createDirectory, type DirectoryRules } from './authentication/directory.ts';
import type { EmulatorConfig } from './config.ts';
import { createEventGridEmulator, type EventGridEmulator, type EventGridOptions } from './emulator.ts';
import { createEventWebhook, type EventWebhook } from './event-webhook.ts';
import { eventGridProfiles, type EventGridProfileName } from './profiles.ts';

/** Drops fields that are there but undefined, as optional ones of a file are. */
type Present<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function present<T extends object>(fields: T): Partial<Present<T>> {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Partial<Present<T>>;
}

/** Who is known, as far as the service has the means as of its profile. */
function rulesOf(profile: EventGridProfileName, { settings, authentication = {} }: EmulatorConfig): DirectoryRules {
  const available = settings.customAuthenticationAvailable ?? eventGridProfiles[profile].customAuthenticationAvailable;
  const { customJwt, webhook, ...others } = authentication;
  return present(available ? { ...others, customJwt, webhook } : others) as DirectoryRules;
}

/** What an emulator of a file is run with. */
export interface Surroundings {
  readonly logger?: BrokerLogger;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** So many life-cycle events were given up, because their subscriber did not take them. */
  readonly undelivered: (count: number, detail: string) => void;
}

/** An emulator as a file describes it. */
export function emulatorFromConfig(
  profile: EventGridProfileName,
  config: EmulatorConfig,
  { logger, wallClock, undelivered }: Surroundings,
): EventGridEmulator {
  const { settings, authentication, topicSpaces, clientGroups, permissions, lifeCycleEvents } = config;
  const options: EventGridOptions = {
    profile,
    settings: present(settings),
    wallClock,
    ...(logger === undefined ? {} : { logger }),
    ...(authentication === undefined ? {} : { authenticator: createDirectory(rulesOf(profile, config), wallClock) }),
    ...(topicSpaces === undefined ? {} : { permissions: { topicSpaces, clientGroups, permissions } }),
    ...(lifeCycleEvents?.source === undefined ? {} : { resourceId: lifeCycleEvents.source }),
  };
  return lifeCycleEvents?.webhook === undefined
    ? createEventGridEmulator(options)
    : withSubscriber(options, createEventWebhook(lifeCycleEvents.webhook, { clock: systemClock, undelivered }));
}

/** An emulator whose life-cycle events are delivered; its close ends with the last delivery. */
function withSubscriber(options: EventGridOptions, webhook: EventWebhook): EventGridEmulator {
  const emulator = createEventGridEmulator({ ...options, onLifeCycleEvent: (event) => webhook.push(event) });
  return {
    ...emulator,
    async close() {
      await emulator.close();
      await webhook.close();
    },
  };
}
