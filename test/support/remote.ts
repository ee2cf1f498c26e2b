import type { Clock } from '../../local/broker/clock.ts';
import type { BrokerHooks } from '../../local/broker/hooks.ts';
import type { BrokerProfile } from '../../local/broker/profile.ts';
import { createEventGridEmulator, type EventGridEmulator } from '../../local/emulator/emulator.ts';
import type { Authenticator } from '../../local/emulator/authentication/authenticator.ts';
import type { EmulatorEvent } from '../../local/emulator/life-cycle.ts';
import type { PermissionTable } from '../../local/emulator/permissions.ts';
import type { EventGridProfileName } from '../../local/emulator/profiles.ts';
import type { EventGridSettings } from '../../local/emulator/settings.ts';
import type { SideFields } from './bridge-config.ts';
import type { Scope } from './scope.ts';
import { BROKER_KINDS, type BrokerKind, type Embedded, startBroker, startEmbedded } from './test-broker.ts';

/** What may stand at the remote end of a bridge under test: any broker, or Event Grid as the emulator plays it. */
export const REMOTE_KINDS = [...BROKER_KINDS, 'eventgrid'] as const;
export type RemoteKind = (typeof REMOTE_KINDS)[number];

/** Those of them that run inside the test's process, where a test can look into them. */
export const INSIDE_KINDS = ['embedded', 'eventgrid'] as const;
export type InsideKind = (typeof INSIDE_KINDS)[number];

/** The remote end of a bridge under test. */
export interface RemoteEnd {
  readonly port: number;
  /** The connector's remote side: at this broker's port, or at that of a proxy before it. */
  readonly side: (port?: number) => SideFields;
}

/** A remote end that can be looked into. */
export interface InsideEnd extends RemoteEnd, Embedded {
  /** Present when it is Event Grid. */
  readonly emulator?: EventGridEmulator;
}

/** How a remote end differs from what its kind is by default. */
export interface RemoteOptions {
  readonly hooks?: Pick<BrokerHooks, 'onPublish' | 'onDeliver' | 'onPuback'>;
  /** Settings that any broker has. */
  readonly profile?: Partial<BrokerProfile>;
  /** Settings of Event Grid, which only that kind takes note of. Everything not named stays as strict as documented. */
  readonly settings?: Partial<EventGridSettings>;
  readonly dated?: EventGridProfileName;
  readonly permissions?: PermissionTable;
  readonly authenticator?: Authenticator;
  readonly clock?: Clock;
  /** Milliseconds since 1970, by which Event Grid judges tokens. */
  readonly wallClock?: () => number;
}

/**
 * For tests that watch what arrives at Event Grid by a client of their own: it would get 100 messages per second and lose
 * its session over a queue of more than 100, as every subscriber does.
 */
export const SWIFT_SUBSCRIBERS = {
  throughputUnits: 40,
  outboundMessagesPerSecond: 100_000,
  outboundBytesPerSecond: 100_000_000,
  maximumQueuedMessages: 100_000,
  maximumQueuedBytes: 100_000_000,
} as const satisfies Partial<EventGridSettings>;

/** Starts a broker of any kind for the remote end; it ends with the scope. */
export async function startRemote(scope: Scope, kind: RemoteKind, options: RemoteOptions = {}): Promise<RemoteEnd> {
  if (kind !== 'mosquitto') return startInside(scope, kind, options);
  const port = await startBroker(scope, kind);
  return { port, side: sideOf(kind, port) };
}

/** Starts a broker inside this process for the remote end; it ends with the scope. */
export async function startInside(scope: Scope, kind: InsideKind, options: RemoteOptions = {}): Promise<InsideEnd> {
  if (kind === 'embedded') {
    const { hooks = {}, profile = {}, clock } = options;
    const embedded = await startEmbedded(scope, { hooks, profile, ...(clock && { clock }) });
    return { ...embedded, side: sideOf(kind, embedded.port) };
  }
  const { dated = 'eventgrid-2026', profile, settings, ...rest } = options;
  const emulator = createEventGridEmulator({ ...rest, profile: dated, settings: { ...profile, ...settings } });
  scope.onTestFinished(() => emulator.close());
  const { port } = await emulator.listen();
  return { broker: emulator, emulator, port, side: sideOf(kind, port) };
}

/** An event of one session. */
type SessionEvent = Extract<EmulatorEvent, { readonly clientSessionName: string }>;

/** What Event Grid noted about the agent's sessions, the oldest first. */
export function agentEvents({ emulator }: InsideEnd): readonly SessionEvent[] {
  const ofAgent = (event: EmulatorEvent): event is SessionEvent =>
    'clientSessionName' in event && event.clientSessionName.startsWith('agent-');
  return (emulator?.log.entries() ?? []).filter(ofAgent);
}

/** Whether a broker of this kind takes messages of this QoS: Event Grid ends a connection over QoS 2. */
export function takesQos(kind: RemoteKind, qos: 0 | 1 | 2): boolean {
  return kind !== 'eventgrid' || qos < 2;
}

/** The kind of broker at the local end, where the remote one is of this kind. */
export function localKind(kind: RemoteKind): BrokerKind {
  return kind === 'eventgrid' ? 'embedded' : kind;
}

function sideOf(kind: RemoteKind, port: number): RemoteEnd['side'] {
  // By its real host name the profile would be chosen by itself.
  return (through = port) => ({ port: through, ...(kind === 'eventgrid' && { profile: 'eventgrid' }) });
}
