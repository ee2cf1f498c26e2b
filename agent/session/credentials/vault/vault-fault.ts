import { CredentialError } from '../credential-error.ts';
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
  if (error instanceof VaultTimeoutError) return unreachable(question.vault, 'no answer in time');
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

function unanswered(codes: readonly string[], { vault }: VaultQuestion): CredentialError {
  const code = codes.find((one) => /^[A-Z][A-Z_]+$/.test(one));
  if (code !== undefined && code !== 'PARSE_ERROR') return unreachable(vault, code);
  // Also an answer that asks for a token for another service: the library gives it none.
  return new CredentialError(
    'VaultFailed',
    `Key vault ${vault} does not answer as a key vault does; check its address with ${show(vault)} --query properties.vaultUri.`,
  );
}

function refused(status: number, codes: readonly string[], question: VaultQuestion): CredentialError {
  const { vault, item } = question;
  switch (status) {
    case 401:
      return new CredentialError(
        'VaultLogOnFailed',
        `Key vault ${vault} does not accept the token of Microsoft Entra (HTTP 401); compare keyVault.vault.directoryId with what ${show(vault)} --query properties.tenantId prints.`,
      );
    case 403:
      return forbidden(codes, question);
    case 404:
      return new CredentialError(
        'VaultItemNotFound',
        `Key vault ${vault} has no ${item}, or not in this version; list what it has with az keyvault secret list --vault-name ${vault} --include-managed true --query [].id.`,
      );
    case 429:
      return new CredentialError(
        'VaultThrottled',
        `Key vault ${vault} is asked too often by all its users together (HTTP 429); count their calls with az monitor metrics list --metric ServiceApiHit --resource $(${idOf(vault)}).`,
      );
    default:
      return new CredentialError(
        'VaultFailed',
        `Key vault ${vault} failed (HTTP ${status}); see its state with ${show(vault)}.`,
      );
  }
}

function forbidden(codes: readonly string[], { vault, item }: VaultQuestion): CredentialError {
  const has = (...some: string[]): boolean => some.some((code) => codes.includes(code));
  if (has('SecretDisabled')) {
    return new CredentialError(
      'VaultItemDisabled',
      `In key vault ${vault}, ${item} is disabled; enable it with az keyvault certificate set-attributes --enabled true --vault-name ${vault} --name ${item}.`,
    );
  }
  if (has('ForbiddenByFirewall', 'ForbiddenByConnection')) {
    return new CredentialError(
      'VaultForbidden',
      `The firewall of key vault ${vault} does not let this address in; add it with az keyvault network-rule add --name ${vault} --ip-address ADDRESS.`,
    );
  }
  const command = has('ForbiddenByPolicy', 'AccessDenied')
    ? `az keyvault set-policy --name ${vault} --spn CLIENT_ID --secret-permissions get`
    : `az role assignment create --role "Key Vault Secrets User" --assignee CLIENT_ID --scope $(${idOf(vault)})`;
  return new CredentialError(
    'VaultForbidden',
    `The service principal may not read ${item} in key vault ${vault}; allow it with ${command}.`,
  );
}

function unreachable(vault: string, why: string): CredentialError {
  return new CredentialError(
    'VaultUnreachable',
    `Key vault ${vault} cannot be reached (${why}); check its name and the way to it with ${show(vault)} --query properties.vaultUri.`,
  );
}

function show(vault: string): string {
  return `az keyvault show --name ${vault}`;
}

function idOf(vault: string): string {
  return `${show(vault)} --query id --output tsv`;
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
