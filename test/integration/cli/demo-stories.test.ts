import { describe, test } from 'vitest';
import { startDemo } from './start-demo.ts';

const LOST_NOTHING = /^sent [1-9]\d* messages at QoS 1 in \d+\.\d s: arrived [1-9]\d*, twice \d+, lost 0$/m;

describe('a story of the demo', () => {
  const stories = [
    ['quota', [/^OPERATOR {2}\/status of instance \d: QuotaExceeded: /m, /^RECOVERS .*let in/m]],
    [
      'token',
      [
        /^OPERATOR {2}\/status of instance 0: .*HTTP 500/m,
        /^RECOVERS .*\(AUTH\); the connection is the same$/m,
        /^RECOVERS .*connected with new tokens/m,
      ],
    ],
    ['kill', [/^OPERATOR .*runs slots 0 and 1; instance 1 is not heard$/m, /^RECOVERS .*handed slot 1 back$/m]],
    ['cut', [/^OPERATOR {2}\/status of instance 1: \w+: The /m, /^RECOVERS .*resumed their sessions/m]],
    [
      'throttle',
      [/^OPERATOR {2}\/status of instance \d: allows itself .* refused as too fast$/m, /^RECOVERS .*held the rate/m],
    ],
  ] as const;

  test.concurrent.for(stories)(
    '%s is told to its end, and nothing is lost',
    { timeout: 90_000 },
    async ([name, lines], { expect, onTestFinished }) => {
      const demo = await startDemo({ onTestFinished }, '--fault', name);
      expect(await demo.exit).toEqual({ code: 0, signal: null });
      const out = demo.stdout();
      for (const line of lines) expect(out).toMatch(line);
      expect(out).toMatch(LOST_NOTHING);
      expect(demo.stderr()).toBe('');
      // The beginning of every token.
      expect(out).not.toContain('eyJ');
    },
  );
});
