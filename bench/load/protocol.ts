import type { MessageShape } from './frames.ts';

/** Processes whose CPU time a run meters, by role. */
export type MeteredPids = Readonly<Record<string, number>>;

/** Connects producer and consumer: as a client of two brokers, or as the two brokers themselves (synthetic). */
export interface OpenCommand {
  readonly kind: 'open';
  readonly role: 'client' | 'synthetic';
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly shape: MessageShape;
  readonly routes: number;
  readonly window: number;
}

/** Sends QoS 0 probes until one came through on every route. */
export interface ProbeCommand {
  readonly kind: 'probe';
  readonly deadlineMs: number;
}

/** Closed loop: keeps `window` messages between send and receipt. */
export interface ClosedCommand {
  readonly kind: 'closed';
  readonly window: number;
  readonly warmMs: number;
  readonly measureMs: number;
  readonly pids: MeteredPids;
}

/** Open loop at `rate` messages per second. */
export interface PacedCommand {
  readonly kind: 'paced';
  readonly rate: number;
  readonly warmMs: number;
  readonly measureMs: number;
  readonly pids: MeteredPids;
}

export type LoadCommand = OpenCommand | ProbeCommand | ClosedCommand | PacedCommand;

/** What one run of load measured. */
export interface LoadResult {
  readonly seconds: number;
  /** Messages received within the measured time; loss and duplicates are of the whole run, warm-up included. */
  readonly messages: number;
  readonly sent: number;
  readonly lost: number;
  readonly duplicates: number;
  /** CPU microseconds by role within the measured time, `load` being the generator itself. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  /** Milliseconds; of paced runs only. */
  readonly latency?: { readonly p50: number; readonly p99: number };
}

export type LoadReply =
  /** Sent once, when the process takes commands. */
  | { readonly kind: 'alive' }
  /** Both ports of a synthetic pair accept connections; 'opened' follows when the bridge has come. */
  | { readonly kind: 'listening' }
  | { readonly kind: 'opened' }
  /** `firstAt`: when the first probe came through, in ms of the epoch. */
  | { readonly kind: 'probed'; readonly firstAt: number }
  | { readonly kind: 'result'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly message: string };
