import type { ConfigSource } from '../agent/config/source.ts';
import type { IdentityOptions } from '../agent/identity-options.ts';
import type { Logger } from '../agent/observe/logger.ts';
import type { AgentSnapshot } from '../agent/observe/snapshot.ts';

/** What commands need of an agent. */
export interface RunningAgent {
  start(): void;
  /** Soft up to the deadline in milliseconds, hard then. */
  stop(deadlineMs: number): Promise<void>;
  snapshot(): AgentSnapshot;
  /** The first time that all lanes are ready. */
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
}

/** What commands give to an agent. */
export interface AgentInput {
  readonly source: ConfigSource;
  readonly configmapsDir: string;
  readonly secretsDir: string;
  /** One slot only; all of them when absent. */
  readonly instance?: number;
  /** Who this process is to Azure. */
  readonly identity?: IdentityOptions;
  readonly logger: Logger;
  readonly version: string;
}

export type CreateAgent = (input: AgentInput) => RunningAgent;
