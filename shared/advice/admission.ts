import { EVENT_GRID_AUDIENCE } from '../event-grid.ts';
import type { Authentication } from '../resources/authentication.ts';
import {
  assignRole,
  describePod,
  nameBySubject,
  registerClient,
  renameClients,
  renewCertificate,
  replaceSecret,
  setting,
  showIdentity,
} from './commands.ts';
import type { Advice, Permission, Situation } from './situation.ts';

const BOTH: readonly Permission[] = ['Publisher', 'Subscriber'];

/** Why a broker takes no session of this identity. */
export function notAdmitted(situation: Situation): Advice | undefined {
  const { authentication, isEventGrid } = situation;
  const ended = tokenEnded(situation) ?? certificateEnded(situation);
  if (ended) return ended;
  if (situation.context.admitted === true) return nameOwned(situation);
  switch (authentication.kind) {
    case 'managedIdentity':
      return isEventGrid ? identityRefused(situation, authentication.audience) : undefined;
    case 'x509':
    case 'x509KeyVault':
      return isEventGrid ? certificateUnknown(situation) : undefined;
    case 'usernamePassword':
      return {
        sentence: `${situation.host} does not accept the user name or password in Secret ${authentication.secretName}.`,
        fix: replaceSecret(situation.connector, authentication.secretName, ['username', 'password']),
      };
    case 'kubernetes':
      return {
        sentence: `${situation.host} does not accept the service account token in ${authentication.secretPath}: the token is for another audience than the broker's (aio-internal; aio-mq in the preview), or the account may not connect.`,
        fix: setting('volumes[].projected.sources[].serviceAccountToken.audience', 'aio-internal'),
      };
    case 'anonymous':
      return {
        sentence: `${situation.host} takes no clients without credentials.`,
        fix: setting(`${situation.block}.authentication.usernamePassword.secretName`, 'SECRET'),
      };
  }
}

/** The client certificate is over; undefined when it is not, or when that is not known. */
export function certificateEnded({ context, authentication, connector, host }: Situation): Advice | undefined {
  const { certificateEnds, now } = context;
  if (certificateEnds === undefined || now === undefined || certificateEnds > now) return undefined;
  const fix = renewCertificate(connector, authentication);
  if (fix === undefined) return undefined;
  const where = authentication.kind === 'x509' ? `Secret ${authentication.secretName}` : vaultOf(authentication);
  return {
    sentence: `The client certificate from ${where} ended at ${dateOf(certificateEnds)}, and ${host} does not accept it any more.`,
    fix,
  };
}

/** The token is over and no newer one was to be had; undefined when it is not, or when that is not known. */
export function tokenEnded(situation: Situation): Advice | undefined {
  const { context, host, authentication, connector } = situation;
  const { tokenEnds, now } = context;
  if (tokenEnds === undefined || now === undefined || tokenEnds > now) return undefined;
  return {
    sentence: `The token for ${host} ended at ${dateOf(tokenEnds)}, and a newer one was not to be had by then.`,
    fix: authentication.kind === 'managedIdentity' ? showIdentity(situation) : describePod(connector),
  };
}

/** Somebody else connects with the same client ID, as the broker says or as its silence makes likely. */
export function clientIdTaken(situation: Situation): Advice {
  const { fault, context, host } = situation;
  const id = context.clientId === undefined ? 'the client ID' : `the client ID "${context.clientId}"`;
  const who = 'a second copy of this bridge, or another connector with the same clientIdPrefix and names';
  const sentence =
    fault.reason === 'SessionTakenOver'
      ? `Another client uses ${id} at ${host}, and each takes the session from the other: ${who}.`
      : `${host} takes connections with ${id} and closes them again and again without a word, most likely since another client uses it too (${who}), or else over something that it does not permit.`;
  return { sentence, fix: renameClients(situation, 'SITE') };
}

/** The broker does not know how this connector logs on. */
export function methodUnknown({ authentication, block, host, isEventGrid }: Situation): Advice | undefined {
  if (authentication.kind === 'kubernetes') {
    return {
      sentence: `${host} does not know the authentication method K8S-SAT of Azure IoT Operations.`,
      fix: setting(`${block}.authentication.kubernetes.method`, 'username'),
    };
  }
  if (authentication.kind !== 'managedIdentity' || isEventGrid) return undefined;
  return {
    sentence: `${host} does not know the authentication method OAUTH2-JWT, which a managed identity needs and Event Grid has.`,
    fix: setting(`${block}.endpoint`, 'NAMESPACE.REGION-1.ts.eventgrid.azure.net:8883'),
  };
}

function identityRefused(situation: Situation, audience: string): Advice {
  const { context, block } = situation;
  if (audience.replace(/\/$/, '') !== EVENT_GRID_AUDIENCE) {
    return {
      sentence: `Event Grid does not accept the token: it is for the audience "${audience}", and Event Grid's is ${EVENT_GRID_AUDIENCE}.`,
      fix: setting(`${block}.authentication.systemAssignedManagedIdentity.audience`, EVENT_GRID_AUDIENCE),
    };
  }
  const session = context.clientId === undefined ? 'its session' : `the session "${context.clientId}"`;
  const permissions = context.permissions?.length ? context.permissions : BOTH;
  return {
    sentence: `Event Grid does not let the identity${named(context.objectId)} open ${session}: it has no role at the namespace yet (a new one takes minutes to work), or another identity owns the session name until that session expires.`,
    fix: permissions.map((permission) => assignRole(situation, permission)).join(' && '),
  };
}

function certificateUnknown(situation: Situation): Advice {
  return {
    sentence: `Event Grid does not know the client certificate: no client has its subject as authentication name, the namespace does not take names from certificate subjects (the bridge sends no user name), or another identity owns the session name.`,
    fix: `${registerClient(situation)} && ${nameBySubject(situation)}`,
  };
}

function nameOwned(situation: Situation): Advice {
  const { context, host } = situation;
  const session = context.clientId === undefined ? 'This session name' : `The session name "${context.clientId}"`;
  return {
    sentence: `${session} at ${host} belongs to another identity until that session expires: the same credentials are accepted for another session.`,
    fix: renameClients(situation, '2'),
  };
}

function vaultOf(authentication: Authentication): string {
  return authentication.kind === 'x509KeyVault' ? `key vault ${authentication.keyVault.vault.name}` : 'its source';
}

function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function named(objectId: string | undefined): string {
  return objectId === undefined ? '' : ` ${objectId}`;
}
