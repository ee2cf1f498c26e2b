import type { ManifestEntry } from '../store/store.ts';
import { type ProblemKind } from './problems.ts';

/** Representations of a resource; the tag of the plain one, JSON as it was sent, has no suffix. */
export interface Representation {
  readonly effective: boolean;
  readonly yaml: boolean;
}

const PLAIN: Representation = { effective: false, yaml: false };

/** Entity tags in a header, `*`, or a list of them (RFC 9110 8.8.3, 13.1). */
export const ETAG_LIST =
  /^(?:\*|[ \t]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:[ \t]*,[ \t]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*[ \t]*)$/;

/** The strong tag of a resource in a representation: `"VERSION-HASH"`, and what tells other representations apart. */
export function etagOf({ version, hash }: Pick<ManifestEntry, 'version' | 'hash'>, how = PLAIN): string {
  return `"${version}-${hash.slice(0, 12)}${how.effective ? '+effective' : ''}${how.yaml ? '+yaml' : ''}"`;
}

/** What a change is conditional on. */
export interface Conditions {
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
}

/**
 * Why a conditional PUT or DELETE must not happen. If-Match compares strongly and takes the tag of any representation,
 * since what is replaced is the resource; If-None-Match compares weakly (RFC 9110 13.1.1, 13.1.2).
 */
export function changeRefusal(
  current: Pick<ManifestEntry, 'version' | 'hash'> | undefined,
  { ifMatch, ifNoneMatch }: Conditions,
): Extract<ProblemKind, 'stale-etag' | 'etag-needed'> | undefined {
  if (ifMatch !== null && !matchesStrongly(ifMatch, current)) return 'stale-etag';
  if (ifNoneMatch !== null && matchesWeakly(ifNoneMatch, current && etagOf(current))) return 'stale-etag';
  return current !== undefined && ifMatch === null ? 'etag-needed' : undefined;
}

/** Whether a reader has this representation already: weak comparison with its own tag. */
export function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  return ifNoneMatch !== null && matchesWeakly(ifNoneMatch, etag);
}

function matchesStrongly(header: string, current: Pick<ManifestEntry, 'version' | 'hash'> | undefined): boolean {
  if (current === undefined) return false;
  if (header.trim() === '*') return true;
  const wanted = etagOf(current);
  return tagsOf(header).some((tag) => tag.replace(/(?:\+effective)?(?:\+yaml)?"$/, '"') === wanted);
}

function matchesWeakly(header: string, etag: string | undefined): boolean {
  if (etag === undefined) return false;
  return header.trim() === '*' || tagsOf(header).some((tag) => tag.replace(/^W\//, '') === etag);
}

function tagsOf(header: string): string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? [];
}
