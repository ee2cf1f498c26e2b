import { describe, expect, test } from 'vitest';
import { CLIENT_ID_CONFLICT, wireFault } from '../../../../agent/session/faults.ts';
import type { SessionFault } from '../../../../agent/session/machine.ts';
import {
  afterLoss,
  faultOf,
  type Loss,
  NO_RIVALRY,
  type Rivalry,
  whileConnected,
} from '../../../../agent/session/rivalry.ts';
import { DEFAULT_TIMING } from '../../../../agent/session/timing.ts';

const closed = wireFault(undefined);
const reset: SessionFault = { ...closed, reason: 'ConnectionReset' };
const takenOver: SessionFault = { reason: 'SessionTakenOver', message: 'm', verdict: 'takenOver' };
const busy: SessionFault = { reason: 'ServerBusy', message: 'm', verdict: 'retry' };
const refused: SessionFault = { reason: 'ConnectionRefused', message: 'm', verdict: 'retry' };

const after = (rivalry: Rivalry, ...losses: readonly (readonly [SessionFault, number | undefined])[]) =>
  losses.reduce((state, [fault, lastedMs]) => afterLoss(state, { fault, lastedMs }, DEFAULT_TIMING), rivalry);
const suspected = (closes: number): Rivalry => ({ kind: 'suspected', closes });
const certain: Rivalry = { kind: 'certain', fault: CLIENT_ID_CONFLICT };

describe('a rival with the same client ID', () => {
  test.each<[Rivalry, SessionFault, number | undefined, Rivalry]>([
    [NO_RIVALRY, takenOver, 3_600_000, { kind: 'certain', fault: takenOver }],
    [NO_RIVALRY, closed, 9_999, suspected(1)],
    [NO_RIVALRY, closed, 10_000, NO_RIVALRY],
    [NO_RIVALRY, busy, 1, NO_RIVALRY],
    [suspected(1), reset, 1, suspected(2)],
    [suspected(1), closed, 10_000, NO_RIVALRY],
    [suspected(2), closed, 89_999, suspected(3)],
    [suspected(2), closed, 90_000, NO_RIVALRY],
    [suspected(3), closed, 60_000, certain],
    // A broker that does not let one in is away, not fought over.
    [suspected(3), refused, undefined, NO_RIVALRY],
    [certain, refused, undefined, NO_RIVALRY],
    [certain, closed, 89_999, certain],
    [certain, closed, 90_000, NO_RIVALRY],
    [certain, busy, 1, NO_RIVALRY],
  ])('%o, %o after %s ms: %o', (before, fault, lastedMs, expected) => {
    expect(after(before, [fault, lastedMs])).toEqual(expected);
  });

  test('is no longer there once a connection has lasted three times the least pause', () => {
    expect(whileConnected(certain, 89_999, DEFAULT_TIMING)).toEqual(certain);
    expect(whileConnected(certain, 90_000, DEFAULT_TIMING)).toEqual(NO_RIVALRY);
  });

  test('gives its own fault to a close without a word, and leaves others alone', () => {
    const loss: Loss = { fault: closed, lastedMs: 1 };
    expect(faultOf(certain, loss)).toEqual(CLIENT_ID_CONFLICT);
    expect(faultOf(suspected(3), loss)).toEqual(closed);
  });
});
