import { CredentialError } from './credential-error.ts';
import { type IdentityName, identityFault, TokenTimeoutError } from './identity-fault.ts';
import { inTime } from './in-time.ts';
import type { TokenLife } from './token-schedule.ts';
import type { AccessToken, OpenTokenSource, TokenSource } from './token-source.ts';
import type { WallClock } from './wall-clock.ts';

/** What a token is asked for with. */
export interface TokenRequestParts {
  readonly identity: IdentityName;
  readonly open: OpenTokenSource;
  readonly clock: WallClock;
}

/** A token fit to log on with. */
export interface FreshToken {
  readonly data: Buffer;
  readonly life: TokenLife;
}

/** Event Grid takes no more authentication data. */
const MAX_TOKEN_BYTES = 8_192;
/** The identity library waits without end where nobody answers. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Makes the function that asks for a token; it rejects with CredentialError. Those who call it at the same time share one
 * request, and after a failure the next one opens a new source.
 */
export function createTokenRequest({ identity, open, clock }: TokenRequestParts): () => Promise<FreshToken> {
  const scope = `${identity.audience}/.default`;
  const limit = { clock, ms: REQUEST_TIMEOUT_MS, late: () => new TokenTimeoutError() };
  let source: TokenSource | undefined;
  let asking: Promise<FreshToken> | undefined;

  async function request(): Promise<FreshToken> {
    try {
      source ??= await open();
      return checked(await inTime(source.getToken(scope), limit), clock.now());
    } catch (error) {
      source = undefined;
      throw identityFault(error, identity);
    }
  }

  return () => {
    asking ??= request().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}

function checked(answer: AccessToken | null, now: number): FreshToken {
  if (answer === null || answer.token === '') throw new Error('no token');
  const data = Buffer.from(answer.token, 'utf8');
  if (data.length > MAX_TOKEN_BYTES) {
    throw new CredentialError(
      'TokenTooLong',
      `The access token has ${data.length} bytes, and Event Grid takes at most 8 KB (${MAX_TOKEN_BYTES} bytes); give the identity fewer group and role claims.`,
    );
  }
  const { expiresOnTimestamp: expiresAt, refreshAfterTimestamp: refreshAt } = answer;
  if (expiresAt <= now) {
    throw new CredentialError(
      'TokenExpired',
      'The access token had ended before it came; set the clock of this machine, as timedatectl shows it.',
    );
  }
  return { data, life: { obtainedAt: now, expiresAt, refreshAt } };
}
