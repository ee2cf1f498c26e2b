import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createIdentityCredentials, createKeyFile } from '../../../../../agent/config/control-plane/credentials.ts';
import type { AccessToken } from '../../../../../agent/session/credentials/token-source.ts';
import { createManualClock } from '../../../../integration/broker/support/manual-clock.ts';
import { createTempDir } from '../../../../support/temp-dir.ts';

const CANARY = 'canary-4711';
const HOUR = 3_600_000;

async function keyFile(content: string) {
  const path = join(await createTempDir({ onTestFinished }), 'key');
  await writeFile(path, content);
  return { path, credentials: createKeyFile(path) };
}

describe('a key file', () => {
  test('is read anew each time, without the line end of an editor', async () => {
    const { path, credentials } = await keyFile('old\n');
    expect((await credentials.authorization()).value).toBe('Bearer old');
    await writeFile(path, 'new\r\n');
    expect((await credentials.authorization()).value).toBe('Bearer new');
  });

  test('shows its key nowhere but in the header', async () => {
    const { credentials } = await keyFile(CANARY);
    const authorization = await credentials.authorization();
    expect(authorization.value).toContain(CANARY);
    expect(inspect(authorization) + JSON.stringify(authorization)).not.toContain(CANARY);
  });

  test.each([
    ['empty', ' \n', 'the file is empty'],
    ['of two lines', `${CANARY}\nX-Admin: 1`, 'the file holds something else than one key'],
    ['binary', `${CANARY}\u0000`, 'the file holds something else than one key'],
  ])('that is %s is refused without being quoted', async (_, content, message) => {
    const { credentials } = await keyFile(content);
    await expect(credentials.authorization()).rejects.toMatchObject({ reason: 'ControlPlaneKeyUnreadable', message });
  });

  test('that is missing is named by its code', async () => {
    const { path, credentials } = await keyFile(CANARY);
    await rm(path);
    await expect(credentials.authorization()).rejects.toMatchObject({ message: 'ENOENT' });
  });
});

/** Tokens by number, from sources by number: the third token of the second source is 2.3. */
function startIdentity(answer: (source: number, token: number) => Promise<AccessToken | null>) {
  const clock = createManualClock();
  const scopes: string[] = [];
  let sources = 0;
  const open = async () => {
    const source = ++sources;
    let tokens = 0;
    return {
      getToken(scope: string) {
        scopes.push(scope);
        return answer(source, ++tokens);
      },
    };
  };
  return { clock, scopes, credentials: createIdentityCredentials('api://bridges/', open, clock) };
}

const token = (source: number, number: number, expiresOnTimestamp = Date.now() + HOUR) =>
  Promise.resolve({ token: `${source}.${number}`, expiresOnTimestamp });

describe('an identity', () => {
  test('is asked each time for a token of the audience, which its library keeps and renews', async () => {
    const { credentials, scopes } = startIdentity(token);
    expect((await credentials.authorization()).value).toBe('Bearer 1.1');
    expect((await credentials.authorization()).value).toBe('Bearer 1.2');
    expect(new Set(scopes)).toEqual(new Set(['api://bridges/.default']));
  });

  test('gives a token without a cache after a refusal', async () => {
    const { credentials } = startIdentity(token);
    await credentials.authorization();
    credentials.refused();
    expect((await credentials.authorization()).value).toBe('Bearer 2.1');
  });

  test('is believed also when this machine takes its token for an old one', async () => {
    const { credentials } = startIdentity((source, number) => token(source, number, Date.now() - 24 * HOUR));
    expect((await credentials.authorization()).value).toBe('Bearer 1.1');
  });

  test('that gives no token is asked anew by another source, and only codes of it are told', async () => {
    const { credentials } = startIdentity((source, number) => {
      if (source === 1) return Promise.reject(Object.assign(new Error(`${CANARY} AADSTS700016 unknown`), {}));
      return source === 2 ? Promise.resolve(null) : token(source, number);
    });
    const failure = { reason: 'ControlPlaneTokenFailed', message: 'AADSTS700016' };
    await expect(credentials.authorization()).rejects.toMatchObject(failure);
    await expect(credentials.authorization()).rejects.toMatchObject({ message: 'no token' });
    expect((await credentials.authorization()).value).toBe('Bearer 3.1');
  });

  test('that does not answer is waited for ten seconds', async () => {
    const asked = Promise.withResolvers<void>();
    const { credentials, clock } = startIdentity(() => {
      asked.resolve();
      return new Promise(() => undefined);
    });
    const failed = expect(credentials.authorization()).rejects.toMatchObject({ message: 'no answer in time' });
    await asked.promise;
    clock.advance(10_000);
    await failed;
  });
});
