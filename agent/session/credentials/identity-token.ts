import { createAlarm } from './alarm.ts';
import { CredentialError } from './credential-error.ts';
import { objectIdOf } from './jwt-claims.ts';
import type { LogOnSource, TokenState } from './log-on-source.ts';
import { createRenewals } from './renewals.ts';
import { createTokenRequest, type TokenRequestParts } from './token-request.ts';
import { nextRequestAt, type TokenLife } from './token-schedule.ts';

/** What an identity's token is got, and renewed, with. */
export interface IdentityTokenParts extends TokenRequestParts {
  /** In [0, 1). */
  readonly random: () => number;
  /** Called when a request for the next token fails while the present one is in use. */
  readonly onRenewalFailed: (error: CredentialError) => void;
}

/** MQTT 5 authentication method of Event Grid for Microsoft Entra tokens. */
const METHOD = 'OAUTH2-JWT';

/** The access token of a managed identity: got before every connection, and anew before it ends while one lasts. */
export function createIdentityToken(parts: IdentityTokenParts): LogOnSource {
  const { clock, random, onRenewalFailed } = parts;
  const request = createTokenRequest(parts);
  const alarm = createAlarm(clock, () => void renew());
  const renewals = createRenewals(METHOD, () => {
    plan();
    return alarm.stop;
  });
  let life: TokenLife | undefined;
  let fault: CredentialError | undefined;
  let fruitless = 0;

  function plan(): void {
    if (life === undefined) return;
    const now = clock.now();
    const due = nextRequestAt({ life, now, fruitless, random: random() });
    // A pause is a length of time, whatever becomes of the date meanwhile.
    if (fruitless > 0) alarm.pause(due - now);
    else alarm.set(due);
  }

  async function ask(): Promise<void> {
    const before = renewals.current;
    try {
      const fresh = await request();
      fault = undefined;
      if (renewals.offer(fresh.data) === before) return;
      ({ life } = fresh);
      fruitless = 0;
      if (renewals.followed) plan();
    } catch (error) {
      if (error instanceof CredentialError) fault = error;
      throw error;
    }
  }

  async function renew(): Promise<void> {
    const before = renewals.current;
    try {
      await ask();
      // The first call after the time to refresh fetches the next token, and answers with the old one.
      if (renewals.current === before && life?.refreshAt !== undefined) await ask();
    } catch {
      if (fault !== undefined) onRenewalFailed(fault);
    }
    if (renewals.current !== before || !renewals.followed) return;
    fruitless++;
    plan();
  }

  return {
    async load() {
      await ask().catch((error: unknown) => {
        // A token that has not ended yet is better than none.
        if (life === undefined || life.expiresAt <= clock.now()) throw error;
      });
      return { enhanced: renewals.current };
    },
    token: () => life && stateOf(life, renewals.current && objectIdOf(renewals.current.data), fault),
    follow: (used, renewed) => renewals.follow(used, renewed),
  };
}

function stateOf(
  { expiresAt }: TokenLife,
  objectId: string | undefined,
  fault: CredentialError | undefined,
): TokenState {
  return {
    method: METHOD,
    expiresAt: Math.floor(expiresAt / 1000),
    ...(objectId === undefined ? {} : { objectId }),
    ...(fault === undefined ? {} : { rejected: fault.message }),
  };
}
