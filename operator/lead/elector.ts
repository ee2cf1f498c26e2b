import { ApiError, type KubernetesClient } from '../../kubernetes/client.ts';
import { LEASES } from '../kinds.ts';
import type { OperatorClock } from '../clock.ts';
import type { OperatorLogger } from '../logger.ts';
import { pause } from '../../kubernetes/clock.ts';
import { type Candidate, nextStep, releasedLease, type SeenLease, seeLease } from './lease.ts';

/** Who stands for election, and what it does once it is elected. */
export interface ElectorOptions extends Candidate {
  readonly client: Pick<KubernetesClient, 'get' | 'create' | 'replace'>;
  readonly clock: OperatorClock;
  readonly random: () => number;
  readonly logger: OperatorLogger;
  /** Called with a signal that is aborted when the term ends, before anybody else can have one. */
  readonly elected: (term: AbortSignal) => void;
}

/** A candidate for being the one that writes. */
export interface Elector {
  /** Ask before every write: false as soon as another may have been elected, whether or not this process has noticed. */
  readonly mayWrite: () => boolean;
  readonly start: () => void;
  /** Ends the term, and gives the Lease up once what `idle` says has resolved, at which nothing is written any more. */
  readonly stop: (idle: () => Promise<void>) => Promise<void>;
}

interface Renewal {
  readonly now: number;
  readonly wall: number;
}

interface Term {
  readonly controller: AbortController;
  renewed: Renewal;
  cancel: () => void;
}

/** Makes a candidate. */
export function createElector(options: ElectorOptions): Elector {
  const { clock, logger, timing, elected, identity } = options;
  const stopping = new AbortController();
  const attempts = createAttempts(options);
  let term: Term | undefined;
  let loop: Promise<void> = Promise.resolve();

  function mayWrite(): boolean {
    return term !== undefined && !term.controller.signal.aborted && isFresh(term.renewed);
  }
  // A machine that slept has a monotonic clock that did so too; the other clock may jump, which costs one renewal.
  function isFresh({ now, wall }: Renewal): boolean {
    return clock.now() - now < timing.renewDeadlineMs && clock.wall() - wall < timing.renewDeadlineMs;
  }
  function hold(renewed: Renewal): void {
    // An answer that took too long proves nothing any more.
    if (!isFresh(renewed)) return;
    term?.cancel();
    const begins = term === undefined;
    term ??= { controller: new AbortController(), renewed, cancel: () => undefined };
    term.renewed = renewed;
    term.cancel = clock.after(renewed.now + timing.renewDeadlineMs - clock.now(), () =>
      lose('the lease could not be renewed'),
    );
    if (!begins) return;
    logger.info({ evt: 'Leading', identity }, 'leading: this process writes');
    elected(term.controller.signal);
  }
  function lose(why: string): void {
    if (term === undefined) return;
    const { controller, cancel } = term;
    term = undefined;
    cancel();
    controller.abort();
    logger.warn({ evt: 'LeadershipLost', identity, reason: why }, `standing by: ${why}`);
  }
  async function stand(): Promise<void> {
    while (!stopping.signal.aborted) {
      const sent = { now: clock.now(), wall: clock.wall() };
      const result = await attempts.next();
      if (stopping.signal.aborted) return;
      if (result === 'held') hold(sent);
      if (result === 'others') lose('another process has the lease');
      const jitter = term === undefined ? 1 + options.random() / 5 : 1;
      await pause(clock, timing.retryMs * jitter, stopping.signal);
    }
  }
  return {
    mayWrite,
    start() {
      loop = stand();
    },
    async stop(idle) {
      stopping.abort();
      attempts.cancel();
      term?.cancel();
      term?.controller.abort();
      await Promise.all([loop, idle()]);
      await attempts.release();
      term = undefined;
    },
  };
}

/** Says once who else writes, until this process has. */
function createRivals({ logger, identity }: ElectorOptions) {
  let told: string | undefined;
  return {
    tell(holder: string | undefined): void {
      if (!holder || holder === told) return;
      told = holder;
      logger.info({ evt: 'StandingBy', identity, holder }, `standing by: ${holder} writes`);
    },
    forget: () => (told = undefined),
  };
}

type Attempt = 'held' | 'others' | 'unknown';

function holderOf({ object }: SeenLease): string | undefined {
  return (object['spec'] as { readonly holderIdentity?: string } | undefined)?.holderIdentity;
}

/** Attempts to get or keep the Lease, one after the other. */
function createAttempts(options: ElectorOptions) {
  const { client, clock, logger, lease, timing } = options;
  const rivals = createRivals(options);
  let seen: SeenLease | undefined;
  let current: AbortController | undefined;

  async function next(): Promise<Attempt> {
    return await limited(async (signal) => {
      // A holder writes over what it wrote last; everybody else has to look first.
      const known = seen !== undefined && isOwn(seen) ? seen : await look(signal);
      const step = nextStep(known, options, { now: clock.now(), wall: clock.wall() });
      if (step.kind === 'wait') {
        rivals.tell(known && holderOf(known));
        return 'others';
      }
      const written =
        step.kind === 'create'
          ? await client.create(LEASES, step.object, signal)
          : await client.replace(LEASES, step.object, signal);
      seen = seeLease(seen, written, clock.now());
      rivals.forget();
      return 'held';
    });
  }
  function isOwn(lately: SeenLease): boolean {
    return holderOf(lately) === options.identity;
  }
  async function look(signal: AbortSignal): Promise<SeenLease | undefined> {
    const object = await client.get(LEASES, lease, signal);
    seen = object === undefined ? undefined : seeLease(seen, object, clock.now());
    return seen;
  }
  async function limited(attempt: (signal: AbortSignal) => Promise<Attempt>): Promise<Attempt> {
    const controller = new AbortController();
    current = controller;
    const cancel = clock.after(timing.renewDeadlineMs / 2, () => controller.abort());
    const aborted = new Promise<Attempt>((resolve) =>
      controller.signal.addEventListener('abort', () => resolve('unknown'), { once: true }),
    );
    const result = await Promise.race([attempt(controller.signal).catch(failed), aborted]);
    cancel();
    return result;
  }
  function failed(error: unknown): Attempt {
    // The write may have gone through without an answer, so that nothing is known until the next look.
    if (seen !== undefined && isOwn(seen)) seen = undefined;
    const raced = error instanceof ApiError && error.code === 409;
    if (!raced) logger.warn({ evt: 'LeaseFailed', error }, 'the lease could not be asked for');
    return 'unknown';
  }
  return {
    next,
    cancel: () => current?.abort(),
    async release(): Promise<void> {
      const object = releasedLease(seen, options);
      if (object === undefined) return;
      await limited(async (signal) => {
        await client.replace(LEASES, object, signal);
        return 'others';
      });
    },
  };
}
