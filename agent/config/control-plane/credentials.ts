import { open } from 'node:fs/promises';
import { concealed } from '../../session/credentials/concealed.ts';
import { codeIn, textOf } from '../../session/credentials/identity-fault.ts';
import { inTime } from '../../session/credentials/in-time.ts';
import type { OpenTokenSource, TokenSource } from '../../session/credentials/token-source.ts';
import { SYSTEM_CLOCK } from '../remote/clock.ts';
import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';
import type { ControlPlaneReason } from './fault.ts';

/** There are no credentials now. The message is a code or a length, never a byte of a secret. */
export class ControlPlaneCredentialError extends Error {
  override readonly name = 'ControlPlaneCredentialError';
  readonly reason: ControlPlaneReason;

  constructor(reason: ControlPlaneReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What an agent proves itself with. */
export interface ControlPlaneCredentials {
  /** The newest; rejects with ControlPlaneCredentialError. Its text is in `value` only and shows nowhere else. */
  authorization(): Promise<Authorization>;
  /** They were refused: the next ones must not come out of a cache. */
  refused(): void;
}

/** Value of the header. */
export interface Authorization {
  readonly value: string;
}

/** Keys are much shorter, and tokens must fit into a header. */
const MAX_KEY_BYTES = 16_384;
const TOKEN_TIMEOUT_MS = 10_000;
// RFC 6750, 2.1: nothing else may follow "Bearer", least of all a line break.
const BEARER = /^[-A-Za-z0-9._~+/]+=*$/;

/** A key in a file that is read anew for every report, so that a rotated one counts from the next report on. */
export function createKeyFile(path: string): ControlPlaneCredentials {
  const unreadable = (detail: string) => new ControlPlaneCredentialError('ControlPlaneKeyUnreadable', detail);
  return {
    async authorization() {
      const key = await readKey(path).catch((error: NodeJS.ErrnoException) => {
        throw unreadable(error.code ?? 'unknown error');
      });
      if (key === '') throw unreadable('the file is empty');
      if (!BEARER.test(key)) throw unreadable('the file holds something else than one key');
      return bearer(key);
    },
    refused: () => undefined,
  };
}

/** Tokens of the identity of this machine or pod; the library keeps them and renews them before they end. */
export function createIdentityCredentials(
  audience: string,
  openSource: OpenTokenSource,
  clock: MonotonicClock = SYSTEM_CLOCK,
): ControlPlaneCredentials {
  const scope = `${audience.replace(/\/+$/, '')}/.default`;
  const failed = (detail: string) => new ControlPlaneCredentialError('ControlPlaneTokenFailed', detail);
  const limit = { clock, ms: TOKEN_TIMEOUT_MS, late: () => failed('no answer in time') };
  let source: TokenSource | undefined;

  const ask = async () => {
    source ??= await openSource();
    return source.getToken(scope);
  };

  return {
    async authorization() {
      try {
        const answer = await inTime(ask(), limit);
        // When it ends is not looked at: the clock of this machine may be wrong, and a refusal tells.
        if (answer !== null && BEARER.test(answer.token)) return bearer(answer.token);
        throw failed('no token');
      } catch (error) {
        source = undefined;
        throw error instanceof ControlPlaneCredentialError ? error : failed(codeIn(textOf(error)) ?? 'unknown error');
      }
    },
    refused() {
      source = undefined;
    },
  };
}

function bearer(secret: string): Authorization {
  return concealed({ value: `Bearer ${secret}` });
}

async function readKey(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_KEY_BYTES), 0, MAX_KEY_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead).trim();
  } finally {
    await handle.close();
  }
}
