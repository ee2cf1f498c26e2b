import type { AuthenticationAttempt, AuthenticationVerdict, ConnectRequest } from '../../broker/hooks.ts';
import { reason } from '../../broker/reason.ts';
import type { ClientAttributes } from '../attributes.ts';
import type { EmulatorLog } from '../life-cycle.ts';
import type { ServiceSessions } from '../sessions.ts';
import type { ServiceSettings } from '../settings.ts';
import type { Authenticator, Identification } from './authenticator.ts';

/** What authentication is made with. */
export interface AuthenticationParts {
  readonly settings: ServiceSettings;
  readonly authenticator: Authenticator;
  readonly sessions: Pick<ServiceSessions, 'get'>;
  readonly log: Pick<EmulatorLog, 'add'>;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

/** The broker's hook, and what it found out about those it accepted. */
export interface Authentication {
  readonly authenticate: (attempt: AuthenticationAttempt) => Promise<AuthenticationVerdict> | AuthenticationVerdict;
  readonly attributesOf: (request: ConnectRequest) => ClientAttributes;
}

/** The broker's hook around an authenticator: sizes before, expiry and the unchanged identity of a renewal after. */
export function createAuthentication(parts: AuthenticationParts): Authentication {
  const { settings, authenticator, sessions, log, wallClock } = parts;
  const attributes = new WeakMap<ConnectRequest, ClientAttributes>();

  function refused({ clientId }: ConnectRequest, reasonCode: number, detail: string): AuthenticationVerdict {
    log.add({ kind: 'unauthenticated', clientSessionName: clientId, reasonCode, detail });
    return { kind: 'refused', reasonCode };
  }

  function verdictOf({ request, again }: AuthenticationAttempt, found: Identification): AuthenticationVerdict {
    if (found.kind === 'unknown') {
      const ofMethod = found.reasonCode === reason.badAuthenticationMethod;
      return refused(request, ofMethod ? settings.unknownMethodReasonCode : found.reasonCode, found.detail);
    }
    // A session belongs to one authentication name: nobody may turn it into another's.
    const owner = again ? sessions.get(request.clientId)?.authenticationName : found.name;
    if (owner !== found.name) return refused(request, reason.notAuthorized, 'the credentials are of another client');
    attributes.set(request, found.attributes);
    const ends = settings.whenTokenExpires === 'disconnect' ? found.expiresAt : undefined;
    return {
      kind: 'accepted',
      authenticationName: found.name,
      ...(ends === undefined ? {} : { validForMs: Math.max(0, ends - wallClock()) }),
    };
  }

  return {
    authenticate(attempt) {
      const { request, method, data } = attempt;
      if ((data?.length ?? 0) > settings.maximumAuthenticationDataBytes) {
        return refused(
          request,
          reason.notAuthorized,
          `more than ${settings.maximumAuthenticationDataBytes} bytes of data`,
        );
      }
      const found = authenticator({ request, method, data });
      return found instanceof Promise
        ? found.then((settled) => verdictOf(attempt, settled))
        : verdictOf(attempt, found);
    },
    attributesOf: (request) => attributes.get(request) ?? {},
  };
}
