import type { MountedFiles } from '../../agent/config/mounted-files.ts';
import type { IdentityOptions } from '../../agent/identity-options.ts';
import type { Credentials } from '../../agent/session/credentials/credentials.ts';
import type { ConnectionSpec } from '../../agent/session/credentials/spec.ts';
import type { ConnectorDocument } from '../../shared/plan/document.ts';
import type { Plan, Side } from '../../shared/plan/types.ts';
import { remoteProfileOf } from '../../shared/remote-profile.ts';
import type { OpenArm } from './arm-client.ts';
import type { ClockReadings } from './clock-readings.ts';

/** What its user asked a check for. */
export interface CheckWishes {
  /** Topic that may be published to; nothing is published without it. */
  readonly probeTopic?: string | undefined;
  /** Messages that the source broker queues for one client, where its user knows. */
  readonly sourceQueue?: number | undefined;
  /** ARM resource ID of the Event Grid namespace. */
  readonly namespaceId?: string | undefined;
  /** Azure subscription to look for the namespace in. */
  readonly subscription?: string | undefined;
  /** URL of Azure Resource Manager. */
  readonly managementEndpoint: string;
}

/** Everything the checks of one connector are made with. */
export interface CheckContext {
  readonly document: ConnectorDocument;
  readonly plan: Plan;
  readonly wishes: CheckWishes;
  readonly files: MountedFiles;
  readonly identity: IdentityOptions;
  /** How each side logs on; nothing is read before somebody loads them. */
  readonly credentials: Readonly<Record<Side, Credentials>>;
  readonly specs: Readonly<Record<Side, ConnectionSpec>>;
  /** Client IDs of every session in the files: a check must be none of them. */
  readonly clientIds: ReadonlySet<string>;
  /** Milliseconds for each network step. */
  readonly stepTimeoutMs: number;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
  /** Present where the namespace is to be read. */
  readonly openArm?: OpenArm | undefined;
  /** What was heard of the time elsewhere. */
  readonly clock: ClockReadings;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly wallClock: () => Date;
}

/** Whether a side is Event Grid, by its host or because the connector says so. */
export function isEventGrid(side: Side, { document }: Pick<CheckContext, 'document'>): boolean {
  return side === 'remote' && remoteProfileOf(document.connector).name === 'eventgrid';
}

/** Both brokers, in the order of a report. */
export const SIDES: readonly Side[] = ['local', 'remote'];
