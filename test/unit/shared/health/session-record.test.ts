import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bindSession,
  countEntry,
  namespaceOf,
  readSessionRecord,
  type Signal,
  signalEvent,
  takeSignal,
} from '../../../../shared/health/session-record.ts';

const connected = (sequence: number): Signal => ({ kind: 'connected', sequence, at: '2026-11-23T12:00:00.000Z' });
const gone = (sequence: number, reason = 'QuotaExceeded'): Signal => ({
  ...connected(sequence),
  kind: 'disconnected',
  reason,
});
const empty = readSessionRecord(undefined);
const stateOf = (signals: Signal[]) => {
  const { last } = signals.reduce(takeSignal, empty);
  return last && `${last.kind} ${last.sequence}`;
};

describe('signals of a session', () => {
  it.each<[string, Signal[], string]>([
    ['a connect', [connected(1)], 'connected 1'],
    ['connect and disconnect', [connected(1), gone(1)], 'disconnected 1'],
    ['a disconnect before its connect', [gone(1), connected(1)], 'disconnected 1'],
    ['a late disconnect of the former connection', [connected(2), gone(1)], 'connected 2'],
    ['a repeated connect after the disconnect', [connected(1), gone(1), connected(1)], 'disconnected 1'],
    ['a newer connect', [gone(1), connected(2)], 'connected 2'],
  ])('count by number: %s', (_, signals, expected) => {
    expect(stateOf(signals)).toBe(expected);
  });

  it('lead to the same state in every order, however often they come', () => {
    const story = [connected(1), gone(1), connected(4), gone(4), connected(9)];
    fc.assert(
      fc.property(fc.shuffledSubarray([...story, ...story], { minLength: 10 }), (signals) => {
        expect(stateOf(signals)).toBe('connected 9');
      }),
    );
  });

  it('wait for the report that says whose the session is', () => {
    const early = [gone(2), connected(2), connected(2)].reduce(takeSignal, empty);
    expect(early.early).toEqual([connected(2), gone(2)]);
    const bound = bindSession(early, { site: 's', connector: 'c' });
    expect(bound).toMatchObject({ binding: { site: 's', connector: 'c' }, early: [], last: { sequence: 2 } });
    expect(bindSession(bound, { site: 's', connector: 'c' })).toBe(bound);
    expect(takeSignal(bound, connected(3)).early).toEqual([]);
  });

  it('are kept in bounds', () => {
    const many = Array.from({ length: 100 }, (_, number) => connected(number)).reduce(takeSignal, empty);
    expect(many.early.map(({ sequence }) => sequence)).toEqual([96, 97, 98, 99]);
    let record: ReturnType<typeof countEntry> = empty;
    for (let entry = 0; entry < 20; entry++) record = record && countEntry(record, 0);
    expect(record && countEntry(record, 3_599_999)).toBeUndefined();
    expect(record && countEntry(record, 3_600_000)).toBeDefined();
  });
});

it('tells a disconnect with the reason of the service, a sentence and what to do', () => {
  const session = { namespace: 'ns', clientId: 'a/b' };
  const event = signalEvent(session, 'c', gone(7, 'SessionTakenOver'));
  expect(event).toMatchObject({
    type: 'SessionDisconnected',
    connector: 'c',
    session: 'a/b',
    reasons: [
      {
        reason: 'SessionTakenOver',
        message: 'Another connection came with the same client ID.',
        fix: expect.stringContaining('clientIdPrefix'),
      },
    ],
  });
  expect(signalEvent(session, 'c', gone(7, 'SessionTakenOver'))).toEqual(event);
  expect(signalEvent(session, 'c', connected(7)).id).not.toBe(event.id);
  expect(signalEvent(session, 'c', gone(8, 'SomethingNew')).reasons).toMatchObject([{ reason: 'SomethingNew' }]);
});

it.each([
  ['ns1.westeurope-1.ts.eventgrid.azure.net:8883', 'ns1'],
  ['NS1.westeurope-1.ts.eventgrid.azure.net:443', 'ns1'],
  ['127.0.0.1:8883', 'emulator'],
  ['[::1]:8883', 'emulator'],
  ['mqtt.contoso.com:8883', undefined],
  ['nonsense', undefined],
])('reads the namespace from %s', (endpoint, expected) => {
  expect(namespaceOf(endpoint)).toBe(expected);
});
