import type { AdviceContext } from '../../shared/advice.ts';
import type { SessionPlan } from '../../shared/plan/types.ts';
import type { RemoteProfile } from '../../shared/remote-profile.ts';
import type { SessionLimits } from '../../shared/resources/connector.ts';
import type { Breather } from '../forward/breather.ts';
import type { FlushTurn } from '../forward/outlet.ts';
import type { SlabPool } from '../forward/slab.ts';
import type { Logger } from '../observe/logger.ts';
import type { FaultSnapshot } from '../observe/snapshot.ts';
import type { ConnectSpacing } from './connect-spacing.ts';
import type { Credentials } from './credentials/credentials.ts';
import type { ConnectionSpec } from './credentials/spec.ts';
import type { Timing } from './timing.ts';

/** What a session is made of. */
export interface SessionParts {
  readonly plan: SessionPlan;
  readonly spec: ConnectionSpec;
  readonly version: 4 | 5;
  readonly limits: SessionLimits;
  /** What is known of the broker beyond what it says. */
  readonly profile: RemoteProfile;
  /** Keeps CONNECTs of one client ID apart. */
  readonly spacing: ConnectSpacing;
  /** True when lanes only publish here: then nothing at the broker is worth resuming after a restart. */
  readonly targetOnly: boolean;
  /** True when lanes publish here: its own messages must not come back to it. */
  readonly publishes: boolean;
  /** Whether messages carry a hop count. */
  readonly countHops: boolean;
  readonly credentials: Credentials;
  readonly turn: FlushTurn;
  readonly pool: SlabPool;
  readonly breather: Breather;
  readonly timing: Timing;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The session or one of its subscriptions came up. */
  readonly progressed: () => void;
  /** Whether other instances may run this session at another time. */
  readonly shared: boolean;
  /** False while another instance may be running this session unseen: it does not connect until that is known. */
  readonly cleared: () => boolean;
  /** Another client connected with the same client ID. */
  readonly takenOver: () => void;
  /** Adds to a fault why it is likely and what mends it. */
  readonly explain: (fault: FaultSnapshot, context?: AdviceContext) => FaultSnapshot;
}
