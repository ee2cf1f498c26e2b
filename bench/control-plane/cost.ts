import { GRANT_PACE } from '../../functions/auth/grant-lookup.ts';
import { PATIENCE_INTERVALS } from '../../shared/health/evidence.ts';
import { REST_INTERVALS } from '../../shared/health/wake.ts';

/** Agents and where they are; each site has the same number, and agents of a site report evenly spread over the interval. */
export interface Fleet {
  readonly agents: number;
  readonly sites: number;
  /** Time between two reports of an agent, in seconds. */
  readonly intervalSeconds: number;
  /** Processes of the app that reports go to. */
  readonly processes: number;
}

/** What a fleet on which nothing changes costs per day. */
export interface DailyCost {
  /** Executions of functions, as the platform counts them: each turn of an orchestration is one. */
  readonly executions: { readonly reports: number; readonly health: number; readonly healing: number };
  /** Operations of our own store: one request to Azure Tables each, one statement or transaction of SQLite. */
  readonly store: {
    readonly reports: number;
    readonly grants: number;
    readonly health: number;
    readonly healing: number;
  };
  /** Storage transactions of the durable backend; by `DURABLE`, not counted by a test. */
  readonly durable: { readonly health: number; readonly healing: number; readonly idle: number };
}

const DAY = 86_400;
/** As functions/durable/heal.ts lists them. */
const SITES_PER_PAGE = 200;
/** The timer that heals, see functions/health.ts. */
const HEAL_SECONDS = 300;

/** Operations of our store. */
export const STORE = {
  /** `bridges.readDesired` and `reports.put` with the tag of the last answer. */
  perReport: 2,
  /** Head, state, reports (one page, of 1,000 reports at Azure Tables), and the state written back. */
  perJudgement: 4,
  /** Besides, for each of its sessions at Event Grid that is down, up to 50: what the service said of it. */
  perSessionDown: 1,
  /** Looking for events (1) and documents (2, with SQLite 1) to throw away. */
  perSiteAndDay: 3,
  /** One page of the list of sites. */
  perHealing: 1,
} as const;

/** Executions of the health orchestration for one judgement. */
export const JUDGEMENT = {
  /** Turns: begin, judged, rested, slept. Where a site is judged again as soon as it has rested it is one less. */
  turns: 4,
  activities: 1,
} as const;

/**
 * What a change costs beyond that at most, such as a session that is lost or a new revision: judgements (on the hint of the
 * report, when the new state has lasted, and on the next hint), and writing the time line, which each judgement does twice
 * (once more from the outbox of the last one, in case that died in between). Whose a session at Event Grid is costs two
 * operations once per process.
 */
export const TRANSITION = { judgements: 3, storeOperations: 3 * STORE.perJudgement + 6 } as const;

/**
 * Assumed of the Azure Storage backend, whose documentation names its parts (control queues, a queue of work items, tables of
 * histories and instances, leases) and not their costs; never measured, and the embedded engine has none of it. A turn
 * takes its message (1) and deletes it (1), reads the history (1), appends to it in one batch (1) and updates the row of
 * the instance (1). An activity takes its message, deletes it, and puts its result. Each thing that is asked for is a
 * message put: the activity, two timers, the next generation. Idle, for each process: four control queues and one of
 * work items that are looked at every 30 s when empty; four leases renewed and looked for each 10 s.
 */
export const DURABLE = { perTurn: 5, perActivity: 3, messagesPerJudgement: 4, perStatus: 1 } as const;
const IDLE_QUEUES = 5 * (DAY / 30);
const IDLE_LEASES = 4 * 2 * (DAY / 10);

/**
 * How often a site is judged per report interval while all its agents report: as soon as its oldest report becomes too old.
 * By then newer ones have come, so that only agents silent for longer than a rest are waited for; never more often than
 * the rest allows, whatever the number of agents.
 */
export function judgementsPerInterval(agentsOfSite: number): number {
  if (agentsOfSite === 0) return 1;
  const overdue = PATIENCE_INTERVALS - 1;
  const every = (Math.floor(overdue * agentsOfSite) + 1) / agentsOfSite;
  return 1 / Math.max(every, REST_INTERVALS);
}

/** What a fleet costs per day; nothing in it depends on anything but numbers, so that it can be checked by counting. */
export function dailyCost({ agents, sites, intervalSeconds, processes }: Fleet): DailyCost {
  const reports = (agents * DAY) / intervalSeconds;
  const judgements = (sites * judgementsPerInterval(agents / sites) * DAY) / intervalSeconds;
  const healings = DAY / HEAL_SECONDS;
  const durablePerJudgement =
    JUDGEMENT.turns * DURABLE.perTurn + JUDGEMENT.activities * DURABLE.perActivity + DURABLE.messagesPerJudgement;
  return {
    executions: {
      reports,
      health: judgements * (JUDGEMENT.turns + JUDGEMENT.activities),
      healing: healings,
    },
    store: {
      reports: reports * STORE.perReport,
      grants: (sites * processes * DAY) / Math.max(GRANT_PACE.keptMs / 1000, intervalSeconds / (agents / sites)),
      health: judgements * STORE.perJudgement + sites * STORE.perSiteAndDay,
      healing: healings * STORE.perHealing * Math.ceil(sites / SITES_PER_PAGE),
    },
    durable: {
      health: judgements * durablePerJudgement,
      healing: healings * sites * DURABLE.perStatus,
      idle: processes * (IDLE_QUEUES + IDLE_LEASES),
    },
  };
}

/** All of one kind. */
export function sumOf(costs: Readonly<Record<string, number>>): number {
  return Object.values(costs).reduce((sum, cost) => sum + cost, 0);
}
