import { reason } from '../../broker/reason.ts';
import type { Authenticator } from './authenticator.ts';
import { createCertificateCheck, type CertificateRules } from './certificate.ts';
import { createTokenCheck, type TokenCheck, type TokenIssuer } from './token.ts';

/** Who is known and by what; at least one of them. */
export interface DirectoryRules {
  /** Tokens of Microsoft Entra: method `OAUTH2-JWT`. */
  readonly entra?: TokenIssuer;
  /** Tokens of an issuer of one's own: method `CUSTOM-JWT`. */
  readonly customJwt?: TokenIssuer;
  readonly certificates?: CertificateRules;
}

/** Knows clients by token or certificate; `wallClock` gives milliseconds since 1970. */
export function createDirectory(rules: DirectoryRules, wallClock: () => number): Authenticator {
  const { entra, customJwt, certificates } = rules;
  const tokens = new Map<string, TokenCheck>([
    ...(entra === undefined ? [] : [['OAUTH2-JWT', createTokenCheck('OAUTH2-JWT', entra)] as const]),
    ...(customJwt === undefined ? [] : [['CUSTOM-JWT', createTokenCheck('CUSTOM-JWT', customJwt)] as const]),
  ]);
  const certificate = certificates === undefined ? undefined : createCertificateCheck(certificates);
  return ({ request, method, data }) => {
    if (method === undefined) {
      return (
        certificate?.(request.certificate?.raw, request.username, wallClock()) ?? {
          kind: 'unknown',
          reasonCode: reason.notAuthorized,
          detail: 'neither a token nor a certificate',
        }
      );
    }
    const check = tokens.get(method);
    return (
      check?.(data, wallClock()) ?? {
        kind: 'unknown',
        reasonCode: reason.badAuthenticationMethod,
        detail: `no tokens are taken by method "${method}"`,
      }
    );
  };
}
