import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PACE } from '../../../../agent/session/backoff.ts';
import {
  IDLE,
  type SessionEvent,
  type SessionFault,
  type SessionState,
  step,
} from '../../../../agent/session/machine.ts';

const fault: SessionFault = { reason: 'ServerBusy', message: 'The broker is busy.', verdict: 'retry' };
const pace = { firstMs: 100, mostMs: 1000, slowMs: 5000, slowMostMs: 60_000, mountedMostMs: 800, takenOverMs: 30_000 };

const connecting: SessionState = { kind: 'connecting', epoch: 3, attempt: 2 };
const connected: SessionState = { kind: 'connected', epoch: 3, attempt: 2 };
const waiting: SessionState = { kind: 'waiting', epoch: 3, attempt: 2, fault };
const stopped: SessionState = { kind: 'stopped', epoch: 3, attempt: 0 };
const states = [IDLE, connecting, connected, waiting, stopped];

const lost: SessionEvent = { kind: 'lost', epoch: 3, fault, random: 0.5 };
const wait = { kind: 'wait', epoch: 3, delayMs: 200 } as const;

describe('step', () => {
  it.each<[SessionState, SessionEvent, SessionState, readonly object[]]>([
    [IDLE, { kind: 'start' }, { kind: 'connecting', epoch: 1, attempt: 0 }, [{ kind: 'connect', epoch: 1 }]],
    [connecting, { kind: 'connected', epoch: 3 }, connected, []],
    [connecting, lost, { kind: 'waiting', epoch: 3, attempt: 3, fault }, [wait]],
    [connected, lost, { kind: 'waiting', epoch: 3, attempt: 3, fault }, [wait]],
    [connected, { kind: 'stable', epoch: 3 }, { ...connected, attempt: 0 }, []],
    [
      waiting,
      { kind: 'due', epoch: 3 },
      { kind: 'connecting', epoch: 4, attempt: 2, fault },
      [{ kind: 'connect', epoch: 4 }],
    ],
    [{ ...connecting, fault }, { kind: 'connected', epoch: 3 }, connected, []],
    [IDLE, { kind: 'stop' }, { kind: 'stopped', epoch: 0, attempt: 0 }, []],
    [connecting, { kind: 'stop' }, stopped, []],
    [connected, { kind: 'stop' }, stopped, []],
    [waiting, { kind: 'stop' }, stopped, []],
  ])('%o, %o', (from, event, to, effects) => {
    expect(step(from, event, pace)).toEqual({ state: to, effects });
  });

  it.each<[string, SessionEvent, readonly SessionState[]]>([
    ['start', { kind: 'start' }, [connecting, connected, waiting, stopped]],
    ['connected', { kind: 'connected', epoch: 3 }, [IDLE, connected, waiting, stopped]],
    ['stable', { kind: 'stable', epoch: 3 }, [IDLE, connecting, waiting, stopped]],
    ['lost', lost, [IDLE, waiting, stopped]],
    ['due', { kind: 'due', epoch: 3 }, [IDLE, connecting, connected, stopped]],
    ['stop', { kind: 'stop' }, [stopped]],
  ])('%s changes nothing where it does not fit', (_name, event, where) => {
    for (const from of where) expect(step(from, event, pace)).toEqual({ state: from, effects: [] });
  });

  it('ignores what another epoch says', () => {
    for (const epoch of [2, 4]) {
      const events: SessionEvent[] = [
        { kind: 'connected', epoch },
        { kind: 'stable', epoch },
        { ...lost, epoch },
        { kind: 'due', epoch },
      ];
      for (const from of states) {
        for (const event of events) expect(step(from, event, pace)).toEqual({ state: from, effects: [] });
      }
    }
  });

  it('connects at most once at a time, with rising epochs, and never after a stop', () => {
    const epoch = fc.nat(5);
    const event: fc.Arbitrary<SessionEvent> = fc.oneof(
      fc.constant<SessionEvent>({ kind: 'start' }),
      fc.record({ kind: fc.constant('connected'), epoch }),
      fc.record({ kind: fc.constant('stable'), epoch }),
      fc.record({
        kind: fc.constant('lost'),
        epoch,
        fault: fc.constant(fault),
        random: fc.constantFrom(0, 0.5, 0.999),
      }),
      fc.record({ kind: fc.constant('due'), epoch }),
      { weight: 1, arbitrary: fc.constant<SessionEvent>({ kind: 'stop' }) },
    ) as fc.Arbitrary<SessionEvent>;
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let state: SessionState = IDLE;
        let last = 0;
        for (const one of events) {
          const before = state.kind;
          const { state: next, effects } = step(state, one, DEFAULT_PACE);
          for (const effect of effects) {
            if (effect.kind !== 'connect') continue;
            expect(['idle', 'waiting']).toContain(before);
            expect(effect.epoch).toBe(last + 1);
            last = effect.epoch;
          }
          if (before === 'stopped') expect(next.kind).toBe('stopped');
          state = next;
        }
      }),
    );
  });
});
