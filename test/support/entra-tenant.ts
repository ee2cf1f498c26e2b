import { generateKeyPair, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { exportJWK, type JWK, SignJWT } from 'jose';
import type { Scope } from './scope.ts';

/** How a token differs from a good one. */
export interface TokenOptions {
  readonly objectId?: string;
  readonly roles?: readonly string[];
  readonly header?: Readonly<Record<string, unknown>>;
  /** Claims beside the usual ones, or instead of them; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signs by a key that has the same ID and is not published. */
  readonly otherKey?: boolean;
}

/** A tenant of Microsoft Entra whose tokens can be wrong in every way; its keys are served on loopback. */
export interface EntraTenant {
  readonly authority: string;
  readonly tenant: string;
  /** Settings of a control plane that takes its tokens. */
  readonly settings: Readonly<Record<string, string>>;
  /** Public key, as it is published. */
  readonly jwk: JWK;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** How often the keys were asked for. */
  readonly looks: () => number;
  /** Answers requests for keys with this status from now on. */
  setStatus(status: number): void;
  /** Publishes these keys from now on. */
  publish(keys: readonly JWK[]): void;
  token(options?: TokenOptions): Promise<string>;
}

const TENANT = '11111111-2222-3333-4444-555555555555';
const AUDIENCE = 'api://mqttbridge';
/** Object ID of whom tokens name unless told. */
export const OBJECT_ID = 'aaaaaaaa-0000-4000-8000-000000000001';
const KEY_ID = 'key-1';
const newPair = () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
/** Made once per test file, since it takes long. */
const PAIRS = Promise.all([newPair(), newPair()]);

/** Serves the keys; `now` is the clock of the tokens, in milliseconds since 1970. */
export async function startEntraTenant(scope: Scope, now: () => number): Promise<EntraTenant> {
  const [pair, other] = await PAIRS;
  const jwk: JWK = { ...(await exportJWK(pair.publicKey)), kid: KEY_ID, use: 'sig' };
  let [status, keys, looks] = [200, [jwk] as readonly JWK[], 0];
  const authority = await serve(scope, (path) => {
    looks++;
    return { status: path === `/${TENANT}/discovery/v2.0/keys` ? status : 404, body: { keys } };
  });

  async function token({ objectId = OBJECT_ID, roles, header, claims, otherKey }: TokenOptions = {}): Promise<string> {
    const seconds = Math.floor(now() / 1000);
    const usual = { iss: `${authority}/${TENANT}/v2.0`, aud: AUDIENCE, tid: TENANT, oid: objectId, sub: objectId };
    const times = { iat: seconds, nbf: seconds, exp: seconds + 3600 };
    return new SignJWT({ ...usual, ...times, ...(roles === undefined ? {} : { roles: [...roles] }), ...claims })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: KEY_ID, ...header })
      .sign(otherKey === true ? other.privateKey : pair.privateKey);
  }

  return {
    authority,
    tenant: TENANT,
    settings: {
      MQTTBRIDGE_ENTRA_TENANT_ID: TENANT,
      MQTTBRIDGE_ENTRA_AUDIENCE: AUDIENCE,
      MQTTBRIDGE_ENTRA_AUTHORITY: authority,
    },
    jwk,
    ...pair,
    looks: () => looks,
    setStatus(next) {
      status = next;
    },
    publish(next) {
      keys = next;
    },
    token,
  };
}

async function serve(scope: Scope, answer: (path: string) => { status: number; body: unknown }): Promise<string> {
  const server = createServer((request, response) => {
    const { status, body } = answer(request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  scope.onTestFinished(async () => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
