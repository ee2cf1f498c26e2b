import { expect, test } from 'vitest';
import type { EnhancedLogOn } from '../../../../agent/session/credentials/renewals.ts';
import { keepAuthenticated } from '../../../../agent/session/reauthentication.ts';

const token = (name: string): EnhancedLogOn => ({ method: 'OAUTH2-JWT', data: Buffer.from(name) });

/** A connection to a broker that answers when the test says so. */
function setUp(timeoutMs = 60_000, excuses = 0) {
  let excusesLeft = excuses;
  const sent: string[] = [];
  const answers: (() => void)[] = [];
  const failures: string[] = [];
  const failed = Promise.withResolvers<void>();
  const counts = { renewed: 0, unfollowed: 0 };
  let renew: (next: EnhancedLogOn) => void = () => undefined;
  const reauthentication = keepAuthenticated({
    used: token('0'),
    timeoutMs,
    excused: () => excusesLeft-- > 0,
    credentials: {
      follow(_used, renewed) {
        renew = renewed;
        return () => void counts.unfollowed++;
      },
    },
    control: {
      reauthenticate({ data }) {
        sent.push(data.toString());
        return new Promise((resolve) => answers.push(resolve));
      },
    },
    renewed: () => void counts.renewed++,
    failed(detail) {
      failures.push(detail);
      failed.resolve();
    },
  });
  const accept = async () => {
    answers.shift()?.();
    await Promise.resolve();
  };
  return {
    sent,
    failures,
    counts,
    reauthentication,
    accept,
    failed: failed.promise,
    renew: (name: string) => renew(token(name)),
  };
}

test('tokens are shown one at a time, and of several that came meanwhile only the newest', async () => {
  const { sent, counts, reauthentication, accept, renew } = setUp();
  expect(reauthentication.pending).toBe(false);
  for (const name of ['1', '2', '3']) renew(name);
  expect(sent).toEqual(['1']);
  expect(reauthentication.pending).toBe(true);
  await accept();
  expect(sent).toEqual(['1', '3']);
  await accept();
  expect(counts.renewed).toBe(2);
  expect(reauthentication.pending).toBe(false);
  reauthentication.end();
});

test('an answer that does not come is told once, and nothing is sent after it', async () => {
  const { sent, failures, counts, accept, failed, renew } = setUp(1);
  renew('1');
  await failed;
  renew('2');
  await accept();
  expect({ sent, failures, counts }).toEqual({
    sent: ['1'],
    failures: ['no answer within 0.001 s'],
    counts: { renewed: 0, unfollowed: 1 },
  });
});

test('an answer is waited for as long as it may have come unread', async () => {
  const { sent, failures, failed, renew } = setUp(1, 3);
  renew('1');
  await failed;
  expect({ sent, failures }).toEqual({ sent: ['1'], failures: ['no answer within 0.001 s'] });
});

test('nothing happens after the end of the connection', async () => {
  const { sent, counts, reauthentication, accept, renew } = setUp();
  renew('1');
  reauthentication.end();
  await accept();
  renew('2');
  expect({ sent, counts }).toEqual({ sent: ['1'], counts: { renewed: 0, unfollowed: 1 } });
});
