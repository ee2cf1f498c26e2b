import type { InvocationContext, Timer } from '@azure/functions';

/** What the functions of this app have seen; a test in the same process reads it. */
export interface Seen {
  readonly hooks: string[];
  readonly events: { readonly event: unknown; readonly metadata: InvocationContext['triggerMetadata'] }[];
  readonly timers: Timer[];
  readonly hubs: string[];
  /** Requests that have reached the function `slow`. */
  begun: number;
  /** The hourly timer and `slow` run until this resolves. */
  hold: Promise<void>;
}

// The host imports the app as an app of its own, perhaps beside the module graph of the test: they meet at the process.
const KEY = Symbol.for('mqttbridge.sample-functions-app');
const shared = globalThis as { [KEY]?: Seen };

export const seen: Seen = (shared[KEY] ??= {
  hooks: [],
  events: [],
  timers: [],
  hubs: [],
  begun: 0,
  hold: Promise.resolve(),
});
