import type { HealthEvent } from '../../shared/api/health.ts';
import { ourReason } from '../../shared/health/reasons.ts';
import type { HealthAlert } from '../../shared/health/state.ts';
import type { HealthDeps } from './health-deps.ts';

/** How far the alerts of a site have been delivered. */
export interface Delivery {
  /** Number of the last one that was. */
  readonly through: number;
  /** Failures in a row since. */
  readonly failures: number;
  /** Not to be tried again before; milliseconds since 1970. */
  readonly after: number;
}

/** Before the first alert. */
export const NOTHING_DELIVERED: Delivery = { through: 0, failures: 0, after: 0 };

/** What is to be sent. */
export interface PublishInput {
  readonly site: string;
  readonly delivery: Delivery;
  /** In order of their numbers. */
  readonly batch: readonly HealthAlert[];
  /** For this long at most, in milliseconds. */
  readonly withinMs: number;
}

const SHORTEST_TRY_MS = 1_000;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 600_000;

/**
 * The activity that sends alerts; all of a batch or none. A failure does not throw: it is written to the time line, once for
 * each alert, and the batch is tried again later. Alerts keep their identifiers, so that who gets one twice can tell.
 */
export function createPublishAlerts(deps: () => Promise<HealthDeps>): (input: PublishInput) => Promise<Delivery> {
  return async (input) => {
    const { site, batch, delivery, withinMs } = input;
    const { publishAlerts, now, ...known } = await deps();
    try {
      await publishAlerts?.(site, batch, AbortSignal.timeout(Math.max(withinMs, SHORTEST_TRY_MS)));
      return { through: batch.at(-1)?.number ?? delivery.through, failures: 0, after: 0 };
    } catch (error) {
      known.log?.('AlertsFailed', { site, alerts: batch.length, error: textOf(error) });
      await noteFailure(input, known);
      const failures = delivery.failures + 1;
      return { through: delivery.through, failures, after: now() + pauseOf(failures) };
    }
  };
}

/** A time line that cannot be written loses the entry: health goes on. */
async function noteFailure(
  { site, batch }: PublishInput,
  { stores, log }: Pick<HealthDeps, 'stores' | 'log'>,
): Promise<void> {
  try {
    if (await stores.bridges.isRegistered(site)) await stores.health.addEvents(site, batch.map(failedEvent));
  } catch (error) {
    log?.('AlertFailureNotNoted', { site, error: textOf(error) });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pauseOf(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10), LONGEST_PAUSE_MS);
}

function failedEvent({ id, at, connector, type }: HealthAlert): HealthEvent {
  return { id: `${id}-failed`, at, type: 'AlertFailed', connector, to: type, reasons: [ourReason('AlertFailed')] };
}
