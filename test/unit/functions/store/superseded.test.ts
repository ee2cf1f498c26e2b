import { describe, expect, test } from 'vitest';
import { isSuperseded } from '../../../../functions/store/superseded.ts';
import { report } from '../../../integration/store/samples.ts';

const [A, B] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];
const at = (seconds: number) => new Date(Date.parse('2026-11-23T12:00:00Z') + seconds * 1000).toISOString();

describe('a report is superseded', () => {
  // Stored: run A, begun at second 100, sequence 5, received at second 1000.
  const stored = report({ run: A, startedAt: at(100), sequence: 5, receivedAt: at(1000) });
  test.each([
    ['the same run, newer', { run: A, startedAt: at(100), sequence: 6, receivedAt: at(1030) }, false],
    ['the same run, the same report', { run: A, startedAt: at(100), sequence: 5, receivedAt: at(1030) }, true],
    ['the same run, older, long after', { run: A, startedAt: at(100), sequence: 4, receivedAt: at(9999) }, true],
    ['a run that began later', { run: B, startedAt: at(101), sequence: 1, receivedAt: at(1001) }, false],
    ['a run that began at the same time', { run: B, startedAt: at(100), sequence: 1, receivedAt: at(1001) }, false],
    [
      'a run that began earlier, 89.9 s after',
      { run: B, startedAt: at(99), sequence: 9, receivedAt: at(1089.9) },
      true,
    ],
    ['a run that began earlier, 90 s after', { run: B, startedAt: at(99), sequence: 9, receivedAt: at(1090) }, false],
    ['a run that began earlier, overtaken', { run: B, startedAt: at(99), sequence: 9, receivedAt: at(990) }, true],
  ])('%s', (_, sample, expected) => {
    expect(isSuperseded(report(sample), stored)).toBe(expected);
  });
});
