import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createElector, type ElectorOptions } from './elector.ts';
import { type Fence, type FencedClient, fencedClient } from './fenced-client.ts';
import { LEASE_TIMING } from './lease.ts';

/** Who stands for election, and what is told. */
export interface LeadershipOptions extends Omit<ElectorOptions, 'timing' | 'client'>, Pick<Fence, 'written'> {
  readonly client: KubernetesClient;
}

/** The right to write, while this process has it. */
export interface Leadership {
  /** Writes while this process leads, and fails otherwise. */
  readonly client: FencedClient;
  readonly isHeld: () => boolean;
  /** Whether there was a term and it is over. */
  readonly isOver: () => boolean;
  readonly start: () => void;
  /** Ends the term, and gives the Lease up once `idle` has resolved. */
  readonly stop: (idle: () => Promise<void>) => Promise<void>;
}

/** Stands for election once it is started. */
export function createLeadership({ written, ...options }: LeadershipOptions): Leadership {
  let term: AbortSignal | undefined;
  const elector = createElector({
    ...options,
    timing: LEASE_TIMING,
    elected(signal) {
      term = signal;
      options.elected(signal);
    },
  });
  return {
    client: fencedClient(options.client, { mayWrite: elector.mayWrite, term: () => term, written }),
    isHeld: elector.mayWrite,
    isOver: () => term?.aborted === true,
    start: elector.start,
    stop: elector.stop,
  };
}
