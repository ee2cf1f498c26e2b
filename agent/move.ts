import type { LanePlan, Plan, SessionPlan } from '../shared/plan/types.ts';
import type { Deployment, LaneReplacement, Reconciliation } from './config/reconcile.ts';

/** Lanes to put to work together. */
export interface LaneStarts {
  readonly start: readonly LanePlan[];
  readonly replace: readonly LaneReplacement[];
}

/** Lanes and sessions of a plan. */
export interface Parts {
  readonly lanes: readonly LanePlan[];
  readonly sessions: readonly SessionPlan[];
}

/**
 * How one instance gets from what it runs to what it is to run, when others run parts of the same connector. A session
 * that goes from one instance to another stops here before it starts there, and takes what its broker holds along. A
 * lane that changes its session reads there before it stops reading here.
 */
export interface Move {
  /** Go to another instance. */
  readonly released: Parts;
  /** Sessions that no other instance can have. */
  readonly fresh: readonly SessionPlan[];
  /** Sessions that another instance may have until it has the same document. */
  readonly awaited: readonly SessionPlan[];
  /** Lanes without and with such a session. */
  readonly early: LaneStarts;
  readonly late: LaneStarts;
  /** Read on until somebody reads in their place; these sessions then end at their brokers. */
  readonly leaving: Parts;
}

/**
 * Sorts the changes of one instance by what other instances have to do with them.
 * @param whole the plan of all instances.
 * @param former the one before; absent at the first document.
 */
export function moveOf({ sessions, lanes }: Reconciliation, whole: Plan, former: Plan | undefined): Move {
  const wanted = keysOf(whole.sessions);
  const known = former && keysOf(former.sessions);
  const isAwaited = ({ key, namedBy }: SessionPlan) => namedBy === 'route' && (!known || known.has(key));
  const awaited = sessions.start.filter(isAwaited);
  const released = sessions.stop.filter(({ key }) => wanted.has(key));
  const isLate = touching(awaited);
  const goesAlong = touching(released);
  return {
    released: { sessions: released, lanes: lanes.stop.filter(goesAlong) },
    fresh: sessions.start.filter((session) => !isAwaited(session)),
    awaited,
    early: {
      start: lanes.start.filter((lane) => !isLate(lane)),
      replace: lanes.replace.filter(({ to }) => !isLate(to)),
    },
    late: { start: lanes.start.filter(isLate), replace: lanes.replace.filter(({ to }) => isLate(to)) },
    leaving: {
      sessions: sessions.stop.filter(({ key }) => !wanted.has(key)),
      lanes: lanes.stop.filter((lane) => !goesAlong(lane)),
    },
  };
}

/** The part of a plan that runs in these slots. */
export function ownPart(plan: Plan, slots: ReadonlySet<number>): Plan {
  return {
    ...plan,
    sessions: plan.sessions.filter(({ slot }) => slots.has(slot)),
    lanes: plan.lanes.filter(({ slot }) => slots.has(slot)),
  };
}

/** What an instance has of the slots of another. */
export interface Heritage {
  /** Slots that came to it. */
  readonly slots: ReadonlySet<number>;
  /** Keys of sessions that end here already. */
  readonly here: ReadonlySet<string>;
}

/** What an instance that died may have left of an older document in these slots: nobody else would ever end it. */
export function orphansOf({ plan }: Deployment, whole: Plan, { slots, here }: Heritage): Parts {
  const wanted = keysOf(whole.sessions);
  const sessions = plan.sessions.filter(({ key, slot }) => slots.has(slot) && !wanted.has(key) && !here.has(key));
  const orphaned = keysOf(sessions);
  return { sessions, lanes: plan.lanes.filter(({ source }) => orphaned.has(source)) };
}

function keysOf(sessions: readonly SessionPlan[]): ReadonlySet<string> {
  return new Set(sessions.map(({ key }) => key));
}

function touching(sessions: readonly SessionPlan[]): (lane: LanePlan) => boolean {
  const keys = keysOf(sessions);
  return ({ source, target }) => keys.has(source) || keys.has(target);
}
