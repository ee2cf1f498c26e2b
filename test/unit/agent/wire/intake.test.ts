import { describe, expect, test } from 'vitest';
import { createIntake } from '../../../../agent/session/wire/intake.ts';

function setUp(answer: (text: string) => boolean = () => true) {
  const handed: string[] = [];
  const shared = Buffer.alloc(16);
  const intake = createIntake((bytes, length) => {
    const text = bytes.toString('latin1', 0, length);
    handed.push(text);
    return answer(text);
  });
  // Every chunk comes in the same buffer, as from the wire.
  const take = (text: string): boolean => intake.take(shared, shared.write(text, 'latin1'));
  return { handed, intake, take };
}

describe('an intake', () => {
  test('hands over what comes and asks for more', () => {
    const { handed, take } = setUp();
    expect(take('a')).toBe(true);
    expect(handed).toEqual(['a']);
  });

  test('keeps copies of what comes after a refusal and hands them over in order', () => {
    const { handed, intake, take } = setUp((text) => text !== 'a');
    expect([take('a'), take('b'), take('c')]).toEqual([false, false, false]);
    expect(handed).toEqual(['a']);
    expect(intake.resume()).toBe(true);
    expect(handed).toEqual(['a', 'b', 'c']);
    expect(take('d')).toBe(true);
  });

  test('stops again in the middle of what was late', () => {
    const { handed, intake, take } = setUp((text) => text === 'c');
    take('a');
    take('b');
    take('c');
    expect(intake.resume()).toBe(false);
    expect(handed).toEqual(['a', 'b']);
    expect(intake.resume()).toBe(true);
    expect(handed).toEqual(['a', 'b', 'c']);
  });

  test('can be paused and resumed from inside the handler', () => {
    const { handed, intake, take } = setUp((text) => {
      if (text === 'a') intake.pause();
      if (text === 'b') {
        intake.pause();
        intake.resume();
      }
      return true;
    });
    expect(take('a')).toBe(false);
    take('b');
    take('c');
    expect(intake.resume()).toBe(true);
    expect(handed).toEqual(['a', 'b', 'c']);
  });

  test('swallows everything once it is discarding, also from inside the handler', () => {
    const { handed, intake, take } = setUp((text) => {
      if (text === 'b') intake.discard();
      return false;
    });
    take('a');
    take('b');
    take('c');
    expect(intake.resume()).toBe(true);
    expect(take('d')).toBe(true);
    intake.resume();
    expect(handed).toEqual(['a', 'b']);
  });
});
