import type { HealthAlert } from '../../shared/health/state.ts';
import type { Log } from '../http/contract.ts';
import type { Stores } from '../store/store.ts';
import type { Settings } from '../wiring/settings.ts';

/** Sends alerts of a site; rejects when they were not taken, or not before the signal. */
export type PublishAlerts = (site: string, alerts: readonly HealthAlert[], signal: AbortSignal) => Promise<void>;

/** What activities are given. */
export interface HealthDeps {
  readonly stores: Stores;
  readonly settings: Pick<Settings, 'MQTTBRIDGE_REPORT_INTERVAL_SECONDS' | 'MQTTBRIDGE_RECOVER_AFTER_SECONDS'>;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  /** Absent where nobody is to be alerted. */
  readonly publishAlerts?: PublishAlerts | undefined;
  readonly log?: Log | undefined;
}
