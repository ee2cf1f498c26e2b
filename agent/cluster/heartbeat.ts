import { z } from 'zod';

/** Longest heartbeat that is read, in bytes; ten thousand slots fit. */
const MAX_BYTES = 256 * 1024;

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const schema = z.object({
  v: z.literal(1),
  id: z.string().min(1).max(64),
  instance: count,
  seq: count,
  state: z.enum(['running', 'leaving', 'gone', 'lost']),
  revision: z.string().max(128),
  applied: z.string().max(128).optional(),
  claims: z.array(z.tuple([count, count])).max(10_000),
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
}

export function encodeHeartbeat(heartbeat: Heartbeat): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, ...heartbeat, claims: [...heartbeat.claims] }));
}

/** Undefined for anything that is no heartbeat of a version we know; the topic is open to whoever may publish there. */
export function decodeHeartbeat(payload: Uint8Array): Heartbeat | undefined {
  if (payload.length > MAX_BYTES) return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(payload).toString()));
    return parsed.success ? { ...parsed.data, claims: new Map(parsed.data.claims) } : undefined;
  } catch {
    return undefined;
  }
}
