import type { JWTPayload } from 'jose';
import type { ClockReading } from './clock-readings.ts';
import { ended, finding, type Outcome } from './outcome.ts';

/** Beyond this a clock is worth a warning; Date headers have whole seconds, and answers take their time. */
const MOST_SKEW_SECONDS = 60;

/** What tells of this machine's clock. */
export interface ClockEvidence {
  readonly readings: readonly ClockReading[];
  /** Of the tokens that were loaded. */
  readonly tokens: readonly JWTPayload[];
  readonly now: Date;
}

/** Whether this machine's clock can be right, as far as anybody who was asked shows the time. */
export function judgeClock({ readings, tokens, now }: ClockEvidence): Outcome {
  const subject = { check: 'clock' } as const;
  const issued = tokens.flatMap(({ iat, nbf }) => [iat ?? [], nbf ?? []].flat());
  // A token may be hours old, but it was never issued in the future.
  const behind = Math.round(Math.max(...issued, Number.NEGATIVE_INFINITY) - now.getTime() / 1000);
  const off = readings.find(({ aheadSeconds }) => Math.abs(aheadSeconds) > MOST_SKEW_SECONDS);
  const advice = 'set the clock of this machine, as timedatectl shows it';
  if (off !== undefined) {
    const way = off.aheadSeconds > 0 ? 'behind' : 'ahead of';
    const message = `The clock of this machine is ${Math.abs(off.aheadSeconds)} seconds ${way} that of ${off.source}`;
    return ended(subject, 'warning', { message, advice, reason: 'ClockSkew', details: detailsOf(readings) });
  }
  if (behind > MOST_SKEW_SECONDS) {
    const message = `The clock of this machine is at least ${behind} seconds behind that of the token's issuer`;
    return ended(subject, 'warning', { message, advice, reason: 'ClockSkew' });
  }
  const [first] = readings;
  if (first === undefined) {
    return ended(subject, 'skipped', {
      message:
        'Nobody who was asked shows the time: MQTT has no clock, and TLS shows at most that certificates are valid today',
      reason: 'NotChecked',
    });
  }
  const message = `The clock of this machine is within ${MOST_SKEW_SECONDS} seconds of that of ${readings
    .map(({ source }) => source)
    .filter(isFirst)
    .join(' and ')}`;
  return { findings: [finding(subject, 'ok', { message, details: detailsOf(readings) })] };
}

function isFirst(text: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(text) === index;
}

function detailsOf(readings: readonly ClockReading[]) {
  return { aheadSeconds: readings.map(({ source, aheadSeconds }) => `${source}: ${aheadSeconds}`) };
}
