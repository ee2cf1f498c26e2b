import { reasonOf, sentenceOf, verdictOf } from '../../shared/reason-codes.ts';
import type { FaultSnapshot } from '../observe/snapshot.ts';
import { CredentialError } from './credentials/credential-error.ts';
import type { WireTarget } from './wire/wire.ts';
import type { SessionFault } from './machine.ts';
import type { WireFault } from './wire/fault.ts';

const QUOTA_EXCEEDED = 0x97;

/** Faults that somebody has to mend: knocking often would not help. */
const SLOW: ReadonlySet<string> = new Set([
  'TlsVerifyFailed',
  'TlsNameMismatch',
  'TlsExpired',
  'TlsClientCertificateRejected',
  'TlsVersionRefused',
  'TlsMaterialInvalid',
]);

/** A reason code of a broker as a fault. */
export function faultOfCode(reasonCode: number): FaultSnapshot {
  return { reason: reasonOf(reasonCode).name, message: sentenceOf(reasonCode), reasonCode };
}

/** The broker answered CONNECT with a reason code. */
export function refusedFault(code: number): SessionFault {
  return { ...faultOfCode(code), verdict: verdictOf('connack', code) };
}

/**
 * Where a broker counts the CONNECTs of a client ID, its first refusal over a quota may mean no more than that another
 * process connected the same one a moment ago, such as this agent before it was started anew: worth one early attempt.
 */
export function forgiveHaste(fault: SessionFault, attempt: number, connectSpacingMs: number): SessionFault {
  const hasty = fault.reasonCode === QUOTA_EXCEEDED && attempt === 0 && connectSpacingMs > 0;
  return hasty ? { ...fault, verdict: 'retry' } : fault;
}

/** The broker ended the connection by DISCONNECT. */
export function disconnectedFault(code: number): SessionFault {
  return { ...faultOfCode(code), verdict: verdictOf('disconnect', code) };
}

/** The broker sent what a broker must not send; `reasonCode` is what it was told. */
export function hostileFault(reasonCode: number, detail: string): SessionFault {
  const message = `The broker sent what MQTT does not allow (${detail}); the connection was closed. See the log of the broker.`;
  return { reason: reasonOf(reasonCode).name, message, reasonCode, verdict: 'retry' };
}

/** No CONNACK, no answer to a ping, or a control packet without sense. */
export function unresponsiveFault(reason: string, detail: string, target: WireTarget): SessionFault {
  const message = `${target.side}BrokerConnection ${target.host}:${target.port}: ${detail}.`;
  return { reason, message, verdict: 'retry' };
}

/** The wire could not be opened, or is gone. */
export function wireFault(fault: WireFault | undefined): SessionFault {
  if (!fault) return { reason: 'ConnectionClosed', message: 'The connection was closed.', verdict: 'retry' };
  return { reason: fault.reason, message: fault.message, verdict: SLOW.has(fault.reason) ? 'slow' : 'retry' };
}

/** Credentials that may be there in a moment: an identity sidecar starts beside the agent, a key vault comes back. */
const SOON: ReadonlySet<string> = new Set([
  'TokenTimeout',
  'TokenFailed',
  'IdentityUnreachable',
  'VaultUnreachable',
  'VaultFailed',
  'VaultThrottled',
  'VaultLogOnFailed',
]);

/** What is mounted has to change: a Secret that appears is taken within seconds, whatever the time it was awaited. */
const MOUNTED: ReadonlySet<string> = new Set([
  'FileMissing',
  'FileUnreadable',
  'FileTooLarge',
  'SecretKeyMissing',
  'SecretInvalid',
  'CaInvalid',
  'TokenEmpty',
]);

/** There is nothing to connect with. */
export function credentialFault(error: unknown): SessionFault {
  if (error instanceof CredentialError) {
    const { reason, message } = error;
    return { reason, message, verdict: SOON.has(reason) ? 'retry' : MOUNTED.has(reason) ? 'mounted' : 'slow' };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { reason: 'CredentialsFailed', message: `The credentials cannot be read: ${message}`, verdict: 'slow' };
}

/** The broker did not take new credentials on the live connection; a new connection carries them. */
export function reauthenticationFault(detail: string): SessionFault {
  const message = `The broker did not accept the renewed token on the live connection (${detail}); connecting anew with it.`;
  return { reason: 'ReauthenticationFailed', message, verdict: 'retry' };
}

/** A message has been in flight for too long: the broker lost it, or its answer. */
export const ACK_TIMEOUT: SessionFault = {
  reason: 'AckTimeout',
  message: 'The broker did not acknowledge a message in time; connecting anew and sending it again.',
  verdict: 'retry',
};

/** Connections are accepted, and closed soon after without a reason, one after the other. */
export const CLIENT_ID_CONFLICT: SessionFault = {
  reason: 'ClientIdConflict',
  message: 'The broker accepts the connection and closes it again and again, as when another client has the client ID.',
  verdict: 'takenOver',
};

/** The target of a lane was replaced: what it had not finished must be read again. */
export const TARGET_REPLACED: SessionFault = {
  reason: 'TargetReplaced',
  message: 'The other side of a route got new settings; its messages are read again.',
  verdict: 'retry',
};
