import type { AgentReport } from '../api/report.ts';

/** A report as it was received. */
export interface ReceivedReport {
  readonly connector: string;
  readonly instance: string;
  /** RFC 3339, UTC, by the clock of the control plane. */
  readonly receivedAt: string;
  readonly report: AgentReport;
}

/** What a connector is to be, by its definition. */
export interface Definition {
  readonly revision: string;
  /** `bridgeInstances`. */
  readonly instances: number;
}

/** What Event Grid says of a session that is down. */
export interface SessionSignal {
  readonly connector: string;
  /** Client ID. */
  readonly session: string;
  /** Milliseconds since 1970, by the clock of the service. */
  readonly at: number;
  /** Disconnection reason of the service. */
  readonly reason: string;
}

/** How strict a judgement is. */
export interface HealthSettings {
  /** What agents are told to wait between two reports. */
  readonly intervalSeconds: number;
  /** How long a better state must last before it is the verdict. */
  readonly recoverAfterSeconds: number;
}

/** All that a judgement depends on, beside the state that the last one left. */
export interface SiteInput {
  /** By name of the connector. */
  readonly definitions: Readonly<Record<string, Definition>>;
  readonly reports: readonly ReceivedReport[];
  readonly signals?: readonly SessionSignal[];
  /** Milliseconds since 1970, UTC, by the clock of the control plane. */
  readonly now: number;
  readonly settings: HealthSettings;
  /** Number of the last alert that somebody has taken over to deliver; up to it they are forgotten. */
  readonly alertsThrough?: number | undefined;
}
