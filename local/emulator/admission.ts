import type { AdmissionAttempt, ConnectRequest } from '../broker/hooks.ts';
import { reason } from '../broker/reason.ts';
import type { ServiceSettings } from './settings.ts';

/** Why a CONNECT is refused for what it asks, whoever sends it. */
export function featureRefusal(settings: ServiceSettings, request: ConnectRequest): number | undefined {
  if (request.will && !settings.willAvailable) return reason.implementationSpecific;
  const nameless = request.assigned && !settings.assignedClientIdentifierAvailable;
  return nameless ? reason.clientIdentifierNotValid : undefined;
}

/** Why a client that is who it says gets no session: its name, the owner of the session name, or a quota. */
export function admissionRefusal(settings: ServiceSettings, attempt: AdmissionAttempt): number | undefined {
  const { authenticationName = '', request, sessions } = attempt;
  if (Buffer.byteLength(authenticationName) > settings.maximumAuthenticationNameBytes) return reason.notAuthorized;
  const all = sessions();
  const own = all.find(({ clientId }) => clientId === request.clientId);
  if (own !== undefined) return own.authenticationName === authenticationName ? undefined : reason.notAuthorized;
  const ofName = all.filter((session) => session.authenticationName === authenticationName).length;
  const full =
    ofName >= settings.maximumClientSessionsPerAuthenticationName ||
    all.length >= settings.maximumSessions * settings.throughputUnits;
  return full ? reason.quotaExceeded : undefined;
}
