import type { Side } from '../../shared/plan/types.ts';
import type { CheckName, Finding } from './report-schema.ts';

/** What a check found, and what it makes for the checks behind it; without `value` those are skipped. */
export interface Outcome<T = undefined> {
  readonly findings: readonly Finding[];
  readonly value?: T;
}

/** Whose check it is. */
export interface Subject {
  readonly check: CheckName;
  readonly side?: Side;
}

/** What a finding says beyond its status. */
export interface Statement extends Pick<Finding, 'reason' | 'advice' | 'details' | 'route'> {
  readonly message: string;
}

/** A finding without the fields that are undefined; its message is a whole sentence. */
export function finding(subject: Subject, status: Finding['status'], statement: Statement): Finding {
  const all = { ...subject, status, ...statement, message: sentence(statement.message) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as Finding;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** An outcome of one finding. */
export function ended(subject: Subject, status: Finding['status'], statement: Statement): Outcome<never> {
  return { findings: [finding(subject, status, statement)] };
}

/** An outcome that lets the checks behind it go on. */
export function passed<T>(subject: Subject, value: T, statement: Statement): Outcome<T> {
  return { findings: [finding(subject, 'ok', statement)], value };
}

/** Runs a check once another has ended; when that one made nothing, it is skipped and says why. */
export async function after<T, U>(
  { signal, ...subject }: Subject & { readonly signal: AbortSignal },
  needed: Promise<Outcome<T>>,
  run: (value: T) => Promise<Outcome<U>> | Outcome<U>,
): Promise<Outcome<U>> {
  const before = await needed;
  if (before.value === undefined) return skipped(subject, causeOf(before));
  return signal.aborted ? ended(subject, 'error', LATE) : run(before.value);
}

const LATE: Statement = {
  reason: 'CheckTimeout',
  message: 'The time for all checks was up before this one began',
  advice: 'give more with --timeout SECONDS',
};

/** The check that stopped others: the failed one itself, not those it stopped. */
function causeOf({ findings }: Outcome<unknown>): string {
  const failed = findings.find(({ status }) => status === 'error') ?? findings[0];
  const passedOn = failed?.details?.['because'];
  return typeof passedOn === 'string' ? passedOn : (failed?.check ?? 'configuration');
}

function skipped(subject: Subject, because: string): Outcome<never> {
  return ended(subject, 'skipped', {
    message: `Not checked, because ${because} failed`,
    reason: 'NotChecked',
    details: { because },
  });
}
