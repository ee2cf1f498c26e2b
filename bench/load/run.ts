import { cpuMicros } from '../meters/proc.ts';
import { percentile } from '../statistics.ts';
import type { Flow } from './flow.ts';
import type { ClosedCommand, LoadResult, MeteredPids, PacedCommand } from './protocol.ts';

/** Without any receipt for this long what is outstanding is written off, and the load goes on. */
const stallMs = 1000;
/** At the end more patience, so that a busy machine does not look like loss. */
const drainMs = 5000;

/** A window goes out in at most this many writes, so that the sender's writes are big whatever the receipts come in. */
const writesPerWindow = 10;

interface Mark {
  readonly at: number;
  readonly received: number;
  readonly cpu: Record<string, number>;
}

interface Interval {
  readonly from: Mark;
  readonly to: Mark;
}

/** Runs the closed loop: every receipt makes room for the next message. */
export async function runClosed(flow: Flow, command: ClosedCommand): Promise<LoadResult> {
  let writtenOff = 0;
  let open = true;
  const leastWrite = Math.max(1, Math.floor(Math.min(command.window, flow.receiveMaximum) / writesPerWindow));
  const refill = () => {
    const outstanding = flow.sent - flow.tally.distinct - writtenOff;
    const count = open ? Math.min(command.window - outstanding, flow.room) : 0;
    if (count >= leastWrite) flow.send(count);
  };
  const watch = watchStall(flow, () => {
    writtenOff = flow.sent - flow.tally.distinct;
    refill();
  });
  flow.onArrival(refill);
  refill();
  const interval = await measure(flow, command);
  open = false;
  watch.stop();
  await drain(flow);
  return summary(flow, interval);
}

/** Runs the open loop: whatever is due is sent at each turn of a one-millisecond timer. */
export async function runPaced(flow: Flow, command: PacedCommand): Promise<LoadResult> {
  flow.onArrival(() => {});
  flow.keepLatencies(true);
  const start = performance.now();
  const first = flow.sent;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) * command.rate) / 1000) - (flow.sent - first);
    if (due > 0) flow.send(Math.min(due, flow.room));
  }, 1);
  await pause(command.warmMs);
  flow.takeLatencies();
  const interval = await measure(flow, { ...command, warmMs: 0 });
  const latencies = Float64Array.from(flow.takeLatencies()).sort();
  clearInterval(timer);
  flow.keepLatencies(false);
  await drain(flow);
  return { ...summary(flow, interval), latency: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) } };
}

async function measure(flow: Flow, command: ClosedCommand | PacedCommand): Promise<Interval> {
  await pause(command.warmMs);
  const from = mark(flow, command.pids);
  await pause(command.measureMs);
  return { from, to: mark(flow, command.pids) };
}

function mark(flow: Flow, pids: MeteredPids): Mark {
  const cpu = Object.fromEntries(Object.entries(pids).map(([role, pid]) => [role, cpuMicros(pid)]));
  return { at: performance.now(), received: flow.tally.distinct, cpu };
}

function summary(flow: Flow, { from, to }: Interval): LoadResult {
  const cpu = Object.entries(to.cpu).map(([role, micros]) => [role, micros - (from.cpu[role] ?? 0)] as const);
  return {
    seconds: (to.at - from.at) / 1000,
    messages: to.received - from.received,
    sent: flow.sent,
    lost: flow.sent - flow.tally.distinct,
    duplicates: flow.tally.duplicates,
    cpuMicros: Object.fromEntries(cpu),
  };
}

/** Resolves when everything sent has arrived, or nothing has for `drainMs`. */
async function drain(flow: Flow): Promise<void> {
  let seen = -1;
  let since = performance.now();
  while (flow.tally.distinct < flow.sent && performance.now() - since < drainMs) {
    if (flow.tally.distinct !== seen) since = performance.now();
    seen = flow.tally.distinct;
    await pause(5);
  }
}

function watchStall(flow: Flow, stalled: () => void): { stop(): void } {
  let seen = flow.tally.distinct;
  const timer = setInterval(() => {
    if (flow.tally.distinct === seen) stalled();
    seen = flow.tally.distinct;
  }, stallMs);
  return { stop: () => clearInterval(timer) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
