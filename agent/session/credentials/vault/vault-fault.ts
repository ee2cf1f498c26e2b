import { CredentialError } from '../credential-error.ts';
import { vaultError } from './vault-error.ts';
import { logOnFault } from './vault-log-on-fault.ts';
import { VaultLogOnError, type VaultQuestion } from './vault-reader.ts';

/** A call to the vault took longer than it may. */
export class VaultTimeoutError extends Error {
  override readonly name = 'VaultTimeoutError';
}

/** The longest that a vault may ask to be left alone for, in seconds. */
const MOST_RETRY_AFTER_S = 3_600;

/**
 * What a failed call to a key vault means. Of the library's own words only codes are repeated, since they may hold
 * anything that the vault answered.
 */
export function vaultFault(error: unknown, question: VaultQuestion): CredentialError {
  if (error instanceof CredentialError) return error;
  if (error instanceof VaultLogOnError) return logOnFault(error.cause, question);
  if (error instanceof VaultTimeoutError) return unreachable('no answer in time', question);
  const { status, codes } = answerOf(error);
  return status === undefined ? unanswered(codes, question) : refused(status, codes, question);
}

/** For how many milliseconds the vault wants to be left alone (RFC 9110, 10.2.3); 0 when it says nothing. */
export function retryAfterOf(error: unknown): number {
  const headers = fieldOf(fieldOf(error, 'response'), 'headers') as
    | { get?(name: string): string | undefined }
    | undefined;
  const seconds = Number(headers?.get?.('retry-after') ?? 0);
  return seconds > 0 ? Math.min(seconds, MOST_RETRY_AFTER_S) * 1_000 : 0;
}

function unreachable(why: string, question: VaultQuestion): CredentialError {
  const what = `Key vault ${nameOf(question)} cannot be reached (${why}); check its name and the way to it`;
  return vaultError('VaultUnreachable', question, what);
}

function unanswered(codes: readonly string[], question: VaultQuestion): CredentialError {
  const code = codes.find((one) => /^[A-Z][A-Z_]+$/.test(one));
  if (code !== undefined && code !== 'PARSE_ERROR') return unreachable(code, question);
  // Also an answer that asks for a token for another service: the library gives it none.
  const what = `Key vault ${nameOf(question)} does not answer as a key vault does; look it up`;
  return vaultError('VaultFailed', question, what);
}

function refused(status: number, codes: readonly string[], question: VaultQuestion): CredentialError {
  const vault = nameOf(question);
  switch (status) {
    case 401: {
      const what = `Key vault ${vault} does not accept the token of Microsoft Entra (HTTP 401); try the log-on`;
      return vaultError('VaultLogOnFailed', question, what);
    }
    case 403:
      return forbidden(codes, question);
    case 404: {
      const what = `Key vault ${vault} has no ${question.item}, or not in this version; list what it has`;
      return vaultError('VaultItemNotFound', question, what);
    }
    case 429: {
      const what = `Key vault ${vault} is asked too often by all its users together (HTTP 429); count their calls`;
      return vaultError('VaultThrottled', question, what);
    }
    default:
      return vaultError('VaultFailed', question, `Key vault ${vault} failed (HTTP ${status}); see its state`);
  }
}

function forbidden(codes: readonly string[], question: VaultQuestion): CredentialError {
  const has = (...some: string[]): boolean => some.some((code) => codes.includes(code));
  const [vault, { item }] = [nameOf(question), question];
  if (has('SecretDisabled')) {
    return vaultError('VaultItemDisabled', question, `In key vault ${vault}, ${item} is disabled; enable it`);
  }
  if (has('ForbiddenByFirewall', 'ForbiddenByConnection')) {
    const what = `The firewall of key vault ${vault} does not let this address in; add it`;
    return vaultError('VaultFirewallDenied', question, what);
  }
  const byPolicy = has('ForbiddenByPolicy', 'AccessDenied');
  const what = `The service principal may not read ${item} in key vault ${vault}; allow it`;
  return vaultError(byPolicy ? 'VaultPolicyDenied' : 'VaultForbidden', question, what);
}

function nameOf({ keyVault }: VaultQuestion): string {
  return keyVault.vault.name;
}

interface Answer {
  readonly status: number | undefined;
  /** Of the answer's body, and of the system. */
  readonly codes: readonly string[];
}

/** Status and codes of a RestError; nothing else of it is looked at. */
function answerOf(error: unknown): Answer {
  const status = fieldOf(error, 'statusCode');
  const body = fieldOf(fieldOf(error, 'details'), 'error');
  const codes = [
    fieldOf(fieldOf(error, 'cause'), 'code'),
    fieldOf(error, 'code'),
    fieldOf(body, 'code'),
    fieldOf(fieldOf(body, 'innerError'), 'code'),
  ];
  return {
    status: typeof status === 'number' ? status : undefined,
    codes: codes.filter((code) => typeof code === 'string'),
  };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
