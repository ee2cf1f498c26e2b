import type { MessageShape } from '../load/frames.ts';
import type { ProcessPool, Running } from '../processes/pool.ts';

/** What a bridge is asked to do: forward every topic, unchanged, from the broker on one port to the one on the other. */
export interface BridgeTask {
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly shape: MessageShape;
  readonly topics: readonly string[];
  /** Messages in flight a bridge with a window of its own should allow. */
  readonly window: number;
  /** Whether the brokers send small packets at once (`set_tcp_nodelay`, off in Mosquitto's defaults). */
  readonly nodelay: boolean;
}

/** Where a contender is started. */
export interface Lab {
  readonly pool: ProcessPool;
  /** Folder for configuration files, removed at the end. */
  readonly folder: string;
  /** The Node executable for child processes. */
  readonly node: string;
  /** Options of Node for the bridge under test, such as a profiler's. */
  readonly nodeOptions: readonly string[];
}

export type ContenderName = 'direct' | 'mosquitto' | 'plain' | 'pipelined' | 'ours' | 'null';

/** A bridge under comparison. */
export interface Contender {
  readonly name: ContenderName;
  readonly title: string;
  /**
   * `process`: a program of its own between the brokers. `broker`: part of the source broker. `none`: no bridge, the
   * consumer listens at the source broker.
   */
  readonly place: 'process' | 'broker' | 'none';
  /** Starts the program; readiness shows by the first message across. */
  start(lab: Lab, task: BridgeTask): Running;
}
