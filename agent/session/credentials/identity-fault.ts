import { CredentialError } from './credential-error.ts';

/** Whose token was asked for, as far as a message can use it. */
export interface IdentityName {
  readonly audience: string;
  readonly extensionName?: string | undefined;
  readonly federated: boolean;
}

/** A call for a token took longer than it may. */
export class TokenTimeoutError extends Error {
  override readonly name = 'TokenTimeoutError';
}

/**
 * What a failed request for a token means. Of the library's own words only codes are repeated, since they may hold
 * anything that the endpoint answered.
 */
export function identityFault(error: unknown, identity: IdentityName): CredentialError {
  if (error instanceof CredentialError) return error;
  const command = commandFor(identity);
  if (error instanceof TokenTimeoutError) {
    return new CredentialError(
      'TokenTimeout',
      `The identity endpoint gave no token in time, as when the identity sidecar is not up yet; look at its container with kubectl describe pod, then at the identity with ${command}.`,
    );
  }
  const text = textOf(error);
  const code = codeIn(text);
  const shown = code === undefined ? '' : ` (${code})`;
  if (isRefusedAudience(text)) {
    return new CredentialError(
      'TokenAudienceRefused',
      `There are no tokens for the audience ${JSON.stringify(identity.audience)}${shown}; for Event Grid set systemAssignedManagedIdentity.audience to https://eventgrid.azure.net.`,
    );
  }
  if (
    /\bnetwork_error\b|\bE(CONNREFUSED|CONNRESET|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE)\b/.test(text)
  ) {
    return new CredentialError(
      'IdentityUnreachable',
      `The identity endpoint cannot be reached${shown}; look at the identity sidecar with kubectl describe pod, and at the extension with ${command}.`,
    );
  }
  return new CredentialError(
    'TokenFailed',
    `The identity endpoint gave no token${shown}; check the identity with ${command}.`,
  );
}

/** A federated identity shows in its credentials, an extension's in its principal. */
function commandFor({ extensionName, federated }: IdentityName): string {
  if (federated) return 'az identity federated-credential list --identity-name NAME --resource-group GROUP';
  const name = extensionName ?? 'NAME';
  return `az k8s-extension show --name ${name} --cluster-name CLUSTER --cluster-type connectedClusters --resource-group GROUP --query identity.principalId`;
}

function isRefusedAudience(text: string): boolean {
  return /AADSTS50(0011|001)\b|invalid_resource|invalid_scope/.test(text);
}

/** A code of Microsoft Entra, of the system or of HTTP in a text. */
export function codeIn(text: string): string | undefined {
  const name = /\bAADSTS\d{4,8}\b|\bE(?:CONN|HOST|NET|NOT|AI_|TIME|PIPE)[A-Z_]*\b/.exec(text)?.[0];
  const status = /\bstatus(?: code)?:? ([45]\d\d)\b/i.exec(text)?.[1];
  return name ?? (status === undefined ? undefined : `HTTP ${status}`);
}

/** Message, code and status of an error and of what caused it; used to look for codes, never shown. */
export function textOf(error: unknown, depth = 4): string {
  if (!(error instanceof Error) || depth === 0) return '';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const { status, statusCode } = error as { readonly status?: unknown; readonly statusCode?: unknown };
  const http = [status, statusCode].map((value) => (typeof value === 'number' ? `status ${value}` : ''));
  return [error.message, code, ...http, textOf(error.cause, depth - 1)].join(' ');
}
