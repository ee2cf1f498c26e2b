import type { BrokerLogger } from '../broker/logging.ts';
import { createDirectory, type DirectoryRules } from './authentication/directory.ts';
import type { EmulatorConfig } from './config.ts';
import { createEventGridEmulator, type EventGridEmulator } from './emulator.ts';
import type { EventGridProfileName } from './profiles.ts';

/** Drops fields that are there but undefined, as optional ones of a file are. */
type Present<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function present<T extends object>(fields: T): Partial<Present<T>> {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Partial<Present<T>>;
}

/** An emulator as a file describes it. */
export function emulatorFromConfig(
  profile: EventGridProfileName,
  config: EmulatorConfig,
  surroundings: { readonly logger?: BrokerLogger; readonly wallClock: () => number },
): EventGridEmulator {
  const { settings, authentication, topicSpaces, permissions } = config;
  return createEventGridEmulator({
    profile,
    settings: present(settings),
    ...surroundings,
    ...(authentication === undefined
      ? {}
      : {
          authenticator: createDirectory(present(authentication) as DirectoryRules, surroundings.wallClock),
        }),
    ...(topicSpaces === undefined ? {} : { permissions: { topicSpaces, permissions } }),
  });
}
