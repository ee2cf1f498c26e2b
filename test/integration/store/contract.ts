import type { OperationCounter } from '../../../functions/store/counting.ts';
import type { Stores } from '../../../functions/store/store.ts';
import { describeBridges } from './contract-bridges.ts';
import { describeCosts } from './contract-costs.ts';
import { describeHealth } from './contract-health.ts';
import { describeGrantsAndSessions } from './contract-grants.ts';
import { describeReports } from './contract-reports.ts';

/** Empty stores for one test. */
export interface StoresUnderTest {
  readonly stores: Stores;
  /** Lets the clock of the stores go on by this many milliseconds. */
  readonly advance: (ms: number) => void;
  /** Sees every operation of these stores. */
  readonly counter: OperationCounter;
}

/** Opens empty stores that nothing else uses; they are closed by whoever made this function. */
export type OpenEmpty = () => Promise<StoresUnderTest>;

/** The contract of all stores, whatever is below them. */
export function describeContract(open: OpenEmpty): void {
  describeBridges(open);
  describeReports(open);
  describeHealth(open);
  describeGrantsAndSessions(open);
  describeCosts(open);
}
