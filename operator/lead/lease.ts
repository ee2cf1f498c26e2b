import type { StoredObject, WrittenObject } from '../../kubernetes/object.ts';
import { LEASES } from '../kinds.ts';

/** Times of leader election, in milliseconds. */
export interface LeaseTiming {
  /** Others wait this long after the last sign of the leader. */
  readonly leaseMs: number;
  /** A leader without a renewal for this long stops writing; well below `leaseMs`. */
  readonly renewDeadlineMs: number;
  /** Between two attempts. */
  readonly retryMs: number;
}

/** What client-go takes. */
export const LEASE_TIMING: LeaseTiming = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** The part of a Lease's spec that is used. */
interface LeaseSpec {
  readonly holderIdentity?: string | undefined;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** A Lease and since when it is known like this. */
export interface SeenLease {
  readonly object: StoredObject;
  /** Monotonic milliseconds of this process: clocks of others, in the Lease too, are never compared with ours. */
  readonly since: number;
}

/** What a candidate does next. */
export type LeaseStep =
  | { readonly kind: 'create'; readonly object: WrittenObject }
  | { readonly kind: 'replace'; readonly object: WrittenObject }
  | { readonly kind: 'wait'; readonly holder: string };

/** Who asks, and when. */
export interface Candidate {
  readonly identity: string;
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly timing: LeaseTiming;
}

/** Takes a new look at the Lease; the time stays as long as the object does. */
export function seeLease(before: SeenLease | undefined, object: StoredObject, now: number): SeenLease {
  const same = before?.object.metadata.resourceVersion === object.metadata.resourceVersion;
  return same ? before : { object, since: now };
}

/** Says what to do about the Lease as it was seen: make it, renew or take it, or leave it to its holder. */
export function nextStep(
  seen: SeenLease | undefined,
  candidate: Candidate,
  at: { readonly now: number; readonly wall: number },
): LeaseStep {
  if (seen === undefined) return { kind: 'create', object: leaseOf(candidate, at.wall, undefined) };
  const { holderIdentity: holder = '', leaseDurationSeconds = 0 } = specOf(seen.object);
  const isOver = at.now >= seen.since + leaseDurationSeconds * 1000;
  if (holder !== '' && holder !== candidate.identity && !isOver) return { kind: 'wait', holder };
  return { kind: 'replace', object: leaseOf(candidate, at.wall, seen.object) };
}

/** The Lease given up by its holder, so that the next one need not wait; undefined where it is another's. */
export function releasedLease(seen: SeenLease | undefined, { identity }: Candidate): WrittenObject | undefined {
  if (seen === undefined) return undefined;
  const spec = specOf(seen.object);
  if (spec.holderIdentity !== identity) return undefined;
  const released = { ...spec, holderIdentity: '', leaseDurationSeconds: 1 };
  return { ...seen.object, metadata: { ...seen.object.metadata }, spec: released } as WrittenObject;
}

function leaseOf({ identity, lease, timing }: Candidate, wall: number, before: StoredObject | undefined) {
  const old = before === undefined ? {} : specOf(before);
  const renewTime = new Date(wall).toISOString().replace('Z', '000Z');
  const kept = old.holderIdentity === identity;
  const spec: LeaseSpec = {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(timing.leaseMs / 1000),
    acquireTime: kept ? (old.acquireTime ?? renewTime) : renewTime,
    renewTime,
    leaseTransitions: (old.leaseTransitions ?? 0) + (before === undefined || kept ? 0 : 1),
  };
  const { apiVersion, kind } = LEASES;
  return { apiVersion, kind, metadata: { ...lease, ...before?.metadata }, spec };
}

function specOf(lease: StoredObject): LeaseSpec {
  const spec: LeaseSpec = lease['spec'] ?? {};
  return spec;
}
