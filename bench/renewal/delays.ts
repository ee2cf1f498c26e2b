import { percentile } from '../statistics.ts';

/** One message that came across; times are monotonic milliseconds. */
export interface Receipt {
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** From the request for a token to the broker's answer to it, in monotonic milliseconds. */
export interface Renewal {
  readonly from: number;
  readonly to: number;
}

/** Sent-to-received times of some messages, in milliseconds; NaN of none. */
export interface Delays {
  readonly messages: number;
  readonly p50: number;
  readonly p99: number;
  readonly largest: number;
}

/** Delays of the messages that were under way during a renewal, and of all others. */
export function splitDelays(
  receipts: readonly Receipt[],
  renewals: readonly Renewal[],
): { readonly during: Delays; readonly without: Delays } {
  const isDuring = ({ sentAt, receivedAt }: Receipt) =>
    renewals.some(({ from, to }) => sentAt <= to && receivedAt >= from);
  const { during = [], without = [] } = Object.groupBy(receipts, (receipt) =>
    isDuring(receipt) ? 'during' : 'without',
  );
  return { during: delaysOf(during), without: delaysOf(without) };
}

function delaysOf(receipts: readonly Receipt[]): Delays {
  const delays = Float64Array.from(receipts, ({ sentAt, receivedAt }) => receivedAt - sentAt).sort();
  return {
    messages: delays.length,
    p50: percentile(delays, 0.5),
    p99: percentile(delays, 0.99),
    largest: delays.at(-1) ?? Number.NaN,
  };
}
