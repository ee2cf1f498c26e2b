import { type EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { createFrameFilter } from './frame-filter.ts';
import type { Frame } from './frames.ts';
import { findToxic, slice, type Toxic } from './toxics.ts';

/** What holds for one direction of every connection now; `changed` is emitted whenever it becomes different. */
export interface Conditions {
  readonly toxics: Set<Toxic>;
  readonly rules: Set<(frame: Frame) => boolean>;
  readonly changed: EventEmitter;
}

/** One direction of one connection. */
export interface Link {
  readonly source: Socket;
  readonly target: Socket;
  readonly conditions: Conditions;
  /** Aborted when the connection is over. */
  readonly signal: AbortSignal;
  /** Ends the whole connection: both sockets closed, or reset. */
  readonly over: (how: 'close' | 'reset') => void;
}

type Item = { due: number } & ({ kind: 'data'; bytes: Buffer } | { kind: 'end' } | { kind: 'reset' });

// Enough for the data under way on a link with latency; without latency one read is all we hold.
const LATENCY_BUFFER = 1024 * 1024;

/** Carries one direction until its end; resolves when the end, or the connection's end, has been passed on. */
export async function runLink(link: Link): Promise<void> {
  const queue = createQueue();
  const aborted = () => queue.wake();
  link.signal.addEventListener('abort', aborted);
  try {
    await Promise.all([read(link, queue), write(link, queue)]);
  } catch (error) {
    if (!link.signal.aborted) throw error;
  } finally {
    link.signal.removeEventListener('abort', aborted);
  }
}

/** Applies the toxics that act on a connection as a whole, from now until it is over. */
export async function runTimers({ conditions, signal, over }: Link): Promise<void> {
  const started = new Map<Toxic, AbortController>();
  while (!signal.aborted) {
    for (const [toxic, timer] of started) {
      if (conditions.toxics.has(toxic)) continue;
      timer.abort();
      started.delete(toxic);
    }
    for (const toxic of conditions.toxics) {
      if (started.has(toxic) || (toxic.type !== 'timeout' && toxic.type !== 'reset_peer')) continue;
      const timer = new AbortController();
      started.set(toxic, timer);
      if (toxic.type === 'timeout' && toxic.timeout === 0) continue;
      const how = toxic.type === 'timeout' ? 'close' : 'reset';
      const until = AbortSignal.any([signal, timer.signal]);
      void delay(toxic.timeout, undefined, { signal: until }).then(
        () => over(how),
        () => undefined,
      );
    }
    await change(conditions, signal).catch(() => undefined);
  }
}

async function read({ source, conditions, signal }: Link, queue: Queue): Promise<void> {
  const filter = createFrameFilter();
  const chunks = source.iterator({ destroyOnReturn: false });
  let due = 0;
  for (;;) {
    while (findToxic(conditions.toxics, 'timeout')) await change(conditions, signal);
    const next = await chunks.next().catch(() => undefined);
    if (signal.aborted) return;
    due = Math.max(due, performance.now() + delayOf(conditions.toxics));
    if (!next) return queue.push({ kind: 'reset', due });
    if (next.done) return queue.push({ kind: 'end', due });
    const { rules } = conditions;
    const drop = rules.size > 0 ? (frame: Frame) => [...rules].some((rule) => rule(frame)) : undefined;
    for (const bytes of filter(next.value as Buffer, drop)) queue.push({ kind: 'data', bytes, due });
    while (queue.bytes() > (findToxic(conditions.toxics, 'latency') ? LATENCY_BUFFER : 0)) {
      await queue.taken();
      if (signal.aborted) return;
    }
  }
}

async function write(link: Link, queue: Queue): Promise<void> {
  const { conditions, signal, target } = link;
  const passed = new Map<Toxic, number>();
  for (;;) {
    const item = await queue.first();
    if (signal.aborted) return;
    const latency = findToxic(conditions.toxics, 'latency');
    if (latency) await hold(link, latency, item.due - performance.now());
    while (findToxic(conditions.toxics, 'timeout')) await change(conditions, signal);
    if (item.kind === 'reset') return void target.resetAndDestroy();
    if (item.kind === 'end') {
      const slowClose = findToxic(conditions.toxics, 'slow_close');
      if (slowClose) await hold(link, slowClose, slowClose.delay);
      return void target.end();
    }
    for (const piece of slice(item.bytes, conditions.toxics)) await writePiece(link, piece, passed);
    queue.drop();
  }
}

async function writePiece(link: Link, piece: Buffer, passed: Map<Toxic, number>): Promise<void> {
  const { target, conditions, signal } = link;
  const { toxics } = conditions;
  while (findToxic(toxics, 'timeout')) await change(conditions, signal);
  const limit = findToxic(toxics, 'limit_data');
  const left = limit ? Math.max(0, limit.bytes - (passed.get(limit) ?? 0)) : piece.length;
  // The callback comes when the kernel has taken the bytes: the peer's window holds us back, not a buffer of ours.
  await new Promise<void>((resolve) => target.write(piece.subarray(0, left), () => resolve()));
  if (limit) {
    passed.set(limit, (passed.get(limit) ?? 0) + piece.length);
    if (left <= piece.length) return link.over('close');
  }
  const bandwidth = findToxic(toxics, 'bandwidth');
  if (bandwidth) await hold(link, bandwidth, piece.length / bandwidth.rate);
  const slicer = findToxic(toxics, 'slicer');
  if (slicer) await (slicer.delay ? hold(link, slicer, slicer.delay / 1000) : nextTurn());
}

/** Waits so many milliseconds, or until the toxic that wants it is taken off. */
async function hold({ conditions, signal }: Link, toxic: Toxic, ms: number): Promise<void> {
  const end = performance.now() + ms;
  for (let left = ms; left > 0 && conditions.toxics.has(toxic); left = end - performance.now()) {
    const enough = new AbortController();
    const until = AbortSignal.any([signal, enough.signal]);
    await Promise.race([delay(left, undefined, { signal: until }), change(conditions, until)]);
    enough.abort();
  }
}

function delayOf(toxics: ReadonlySet<Toxic>): number {
  const toxic = findToxic(toxics, 'latency');
  return toxic ? toxic.latency + (Math.random() * 2 - 1) * (toxic.jitter ?? 0) : 0;
}

async function change({ changed }: Conditions, signal: AbortSignal): Promise<void> {
  await once(changed, 'changed', { signal });
}

interface Queue {
  readonly push: (item: Item) => void;
  readonly bytes: () => number;
  /** Waits for the oldest item, which stays until `drop`. */
  readonly first: () => Promise<Item>;
  readonly drop: () => void;
  /** Waits until something was dropped. */
  readonly taken: () => Promise<void>;
  /** Lets whoever waits look around: the connection is over. */
  readonly wake: () => void;
}

function createQueue(): Queue {
  const items: Item[] = [];
  const over: Item = { kind: 'end', due: 0 };
  let bytes = 0;
  let waiting: (() => void)[] = [];
  let woken = false;
  const wake = () => {
    const calls = waiting;
    waiting = [];
    for (const call of calls) call();
  };
  const turn = () => new Promise<void>((resolve) => (woken ? resolve() : waiting.push(resolve)));
  return {
    push(item) {
      items.push(item);
      if (item.kind === 'data') bytes += item.bytes.length;
      wake();
    },
    bytes: () => bytes,
    async first() {
      for (;;) {
        const item = items[0] ?? (woken ? over : undefined);
        if (item) return item;
        await turn();
      }
    },
    drop() {
      const item = items.shift();
      if (item?.kind === 'data') bytes -= item.bytes.length;
      wake();
    },
    taken: turn,
    wake() {
      woken = true;
      wake();
    },
  };
}
