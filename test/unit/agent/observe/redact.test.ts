import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { redact, redactText } from '../../../../agent/observe/redact.ts';

const CANARY = 'c4n4ry-v4lue-0f-4-secret';

describe('redact', () => {
  test.each([
    ['password', { password: CANARY }],
    ['a nested password', { options: { will: { Password: CANARY } } }],
    ['a token in kebab case', { 'access-token': CANARY }],
    ['a key among others', { tls: { key: CANARY, servername: 'a' } }],
    ['payload', { payload: CANARY }],
    ['bytes under any name', { chunk: Buffer.from(CANARY) }],
    ['a list of credentials', { list: [{ secretValue: CANARY }] }],
    ['password= in a message', { error: new Error(`refused: password=${CANARY}`) }],
    ['token: in the cause', { error: new Error('failed', { cause: new Error(`token: "${CANARY}"`) }) }],
    ['a credential in a URL', { url: `mqtts://user:${CANARY}@host:8883` }],
    ['a SAS signature', { text: `SharedAccessSignature sr=x&sig=${CANARY}&se=1` }],
    ['a PEM block', { text: `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----` }],
    ['a PEM block without its end', { text: `-----BEGIN RSA PRIVATE KEY-----\n${CANARY}` }],
    ['a JWT', { text: `sent eyJhbGciOi.${CANARY}.${CANARY}` }],
  ])('takes out %s', (_name, value) => {
    expect(JSON.stringify(redact(value))).not.toContain(CANARY);
  });

  test('leaves names of secrets and reasons readable', () => {
    const fields = { secretName: 'bridge-client-secret', reason: 'NotAuthorized', reasonCode: 135 };
    expect(redact(fields)).toEqual(fields);
  });

  test.prop([fc.anything({ maxDepth: 8, withNullPrototype: true })])(
    'stays small and can be printed for any value',
    (value) => {
      const text = JSON.stringify(redact({ value, list: Array(1_000).fill(value), text: 'x'.repeat(1e5) })) ?? '';
      expect(text.length).toBeLessThan(20_000_000);
    },
  );

  test('cuts depth, width and length', () => {
    const deep = redact({ a: { b: { c: { d: { e: 1 } } } } });
    expect(JSON.stringify(deep)).toBe('{"a":{"b":{"c":{"d":"[…]"}}}}');
    expect((redact(Array(1_000).fill(0)) as unknown[]).length).toBe(51);
    expect(redactText('y'.repeat(5_000)).length).toBe(1_001);
  });

  test('makes control characters visible so that no text can forge a log line or move a cursor', () => {
    expect(redactText('a\u001b[2Jb\rc')).toBe('a�[2Jb�c');
  });
});
