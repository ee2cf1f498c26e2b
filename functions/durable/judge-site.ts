import type { HealthSettings } from '../../shared/health/input.ts';
import { judgeSite } from '../../shared/health/judge.ts';
import { type HealthAlert, type HealthState, readHealthState } from '../../shared/health/state.ts';
import { restMs } from '../../shared/health/wake.ts';
import type { SiteHead, Stores } from '../store/store.ts';
import { signalsOf } from '../signals/signals-of.ts';
import type { HealthDeps } from './health-deps.ts';
import { type Delivery, NOTHING_DELIVERED } from './publish-alerts.ts';

/** What the orchestration of a site carries from one judgement to the next. */
export interface JudgeInput {
  readonly site: string;
  readonly delivery?: Delivery;
}

/** What the orchestration is told; small, since it is kept in its history. */
export interface SiteJudgement {
  readonly site: string;
  /** The site was removed. */
  readonly gone: boolean;
  /** Not to judge again before, in milliseconds. */
  readonly restMs: number;
  /** To judge again after, in milliseconds. */
  readonly sleepMs: number;
  /** To be sent now: nothing, or one batch. */
  readonly alerts: readonly (readonly HealthAlert[])[];
  readonly delivery: Delivery;
}

const MOST_ATTEMPTS = 5;
const MOST_ALERTS = 20;
const KEEP_EVENTS_MS = 30 * 86_400_000;

/**
 * The activity that judges a site: reads, judges by the pure function of shared/health, writes. Repeated it does no harm:
 * the state is written on condition that it is the one that was read, and what follows from it waits in its outbox.
 */
export function createJudgeSite(deps: () => Promise<HealthDeps>): (input: JudgeInput) => Promise<SiteJudgement> {
  return async (input) => {
    const known = await deps();
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const judged = await judgeOnce(input, known);
      if (judged) return judged;
    }
    throw new Error(`the health of site ${input.site} is written by somebody else all the time`);
  };
}

/** Undefined when somebody else wrote a judgement in the meantime. */
async function judgeOnce(
  { site, delivery = NOTHING_DELIVERED }: JudgeInput,
  deps: HealthDeps,
): Promise<SiteJudgement | undefined> {
  const { stores, now: clock } = deps;
  const settings = settingsOf(deps);
  const [head, stored] = await Promise.all([stores.bridges.readHead(site), stores.health.read(site)]);
  if (head === undefined && !(await stores.bridges.isRegistered(site))) return remove(site, stores);
  const previous = readHealthState(stored?.state);
  if (previous) await stores.health.addEvents(site, previous.outbox.events);
  const reports = await stores.reports.list(site);
  const signals = await signalsOf(stores.sessions, reports);
  // After everything is read: no report can be newer.
  const now = clock();
  const input = { definitions: definitionsOf(head), reports, signals, now, settings, alertsThrough: delivery.through };
  const { state, events, wakeAt } = judgeSite(input, previous);
  if (!(await stores.health.write(site, state, stored?.tag))) return undefined;
  await stores.health.addEvents(site, events);
  await cleanDaily(site, { previous, now }, stores);
  const rest = restMs(settings.intervalSeconds);
  const times = { restMs: rest, sleepMs: Math.max(wakeAt - now, rest) };
  return { site, gone: false, ...times, ...planDelivery(state, { now, delivery, ...times }, deps) };
}

interface Moment {
  readonly now: number;
  readonly delivery: Delivery;
  readonly restMs: number;
  readonly sleepMs: number;
}

/** What to send now, and when to come back for the rest of it. */
function planDelivery(
  { outbox, alerts: made }: HealthState,
  { now, delivery, restMs, sleepMs }: Moment,
  { publishAlerts }: HealthDeps,
): Pick<SiteJudgement, 'alerts' | 'delivery' | 'sleepMs'> {
  // Where nobody is to be alerted, all of them are done with.
  if (!publishAlerts) return { alerts: [], delivery: { ...NOTHING_DELIVERED, through: made }, sleepMs };
  const batch = outbox.alerts.slice(0, MOST_ALERTS);
  if (batch.length === 0) return { alerts: [], delivery, sleepMs };
  if (now < delivery.after)
    return { alerts: [], delivery, sleepMs: Math.min(sleepMs, Math.max(delivery.after - now, restMs)) };
  return { alerts: [batch], delivery, sleepMs: batch.length < outbox.alerts.length ? restMs : sleepMs };
}

async function remove(site: string, { health }: Stores): Promise<SiteJudgement> {
  // A judgement that was under way when the site was removed may have written once more.
  await health.removeSite(site);
  return { site, gone: true, restMs: 0, sleepMs: 0, alerts: [], delivery: NOTHING_DELIVERED };
}

async function cleanDaily(
  site: string,
  { previous, now }: { readonly previous: HealthState | undefined; readonly now: number },
  { bridges, health }: Stores,
): Promise<void> {
  if (!previous || dayOf(previous.judgedAt) === dayOf(now)) return;
  await health.pruneEvents(site, new Date(now - KEEP_EVENTS_MS).toISOString());
  await bridges.collectGarbage(site);
}

function dayOf(at: number): number {
  return Math.floor(at / 86_400_000);
}

function definitionsOf(head: SiteHead | undefined): SiteHead['desired'] {
  return head?.desired ?? {};
}

function settingsOf({ settings }: HealthDeps): HealthSettings {
  return {
    intervalSeconds: settings.MQTTBRIDGE_REPORT_INTERVAL_SECONDS,
    recoverAfterSeconds: settings.MQTTBRIDGE_RECOVER_AFTER_SECONDS,
  };
}
