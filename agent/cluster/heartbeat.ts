import { z } from 'zod';
import { MAX_LANES } from '../../shared/plan/plan.ts';

/** Slots beyond the most lanes stay empty, so nobody needs to run them. */
export const MAX_SLOTS = MAX_LANES;
/** No slot changes hands so often; a term that somebody made up cannot grow out of what a heartbeat can say. */
export const MAX_TERM = 1_000_000_000;
/** Highest instance number; more than there can be slots may wait for one. */
const MAX_INSTANCE = 65_535;
/** Longest heartbeat that is read, in bytes; all slots fit. */
const MAX_BYTES = 384 * 1024;

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const slot = z
  .int()
  .min(0)
  .max(MAX_SLOTS - 1);
const term = z.int().min(0).max(MAX_TERM);

const schema = z.object({
  v: z.literal(1),
  id: z.string().min(1).max(64),
  instance: z.int().min(0).max(MAX_INSTANCE),
  seq: count,
  state: z.enum(['running', 'leaving', 'gone', 'lost']),
  revision: z.string().max(128),
  applied: z.string().max(128).optional(),
  claims: z.array(z.tuple([slot, term])).max(MAX_SLOTS),
  avoided: z.array(slot).max(MAX_SLOTS),
  reading: z.array(slot).max(MAX_SLOTS),
});

/**
 * What an instance says of itself once per second, as JSON at QoS 0. `leaving` finishes what is in flight, `gone` has
 * stopped and leaves its claims to the others; `lost` is what the broker says for it, as its will.
 */
export interface Heartbeat {
  /** Unique for each process. */
  readonly id: string;
  readonly instance: number;
  /** Grows with each heartbeat of a process. */
  readonly seq: number;
  readonly state: 'running' | 'leaving' | 'gone' | 'lost';
  /** Revision of the document it works on. */
  readonly revision: string;
  /** The last revision for which it gave up what others run, and reads what only it can. */
  readonly applied?: string | undefined;
  /** The slots it runs, each with the number of times it has changed hands. */
  readonly claims: ReadonlyMap<number, number>;
  /** Slots it lost to somebody who is not heard: nobody but their own instances takes them for a while. */
  readonly avoided: ReadonlySet<number>;
  /** Those it reads all of by the document it applied last: what others still read in their place may end. */
  readonly reading: ReadonlySet<number>;
}

export function encodeHeartbeat(heartbeat: Heartbeat): Buffer {
  const { claims, avoided, reading } = heartbeat;
  const lists = { claims: [...claims], avoided: [...avoided], reading: [...reading] };
  return Buffer.from(JSON.stringify({ v: 1, ...heartbeat, ...lists }));
}

/** Undefined for anything that is no heartbeat of a version we know; the topic is open to whoever may publish there. */
export function decodeHeartbeat(payload: Uint8Array): Heartbeat | undefined {
  if (payload.length > MAX_BYTES) return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(payload).toString()));
    if (!parsed.success) return undefined;
    const { claims, avoided, reading } = parsed.data;
    return { ...parsed.data, claims: new Map(claims), avoided: new Set(avoided), reading: new Set(reading) };
  } catch {
    return undefined;
  }
}
