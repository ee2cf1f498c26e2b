import { reason } from '../../broker/reason.ts';
import type { HttpTarget } from '../http-request.ts';
import type { Authenticator, Identification } from './authenticator.ts';
import { createCertificateCheck, type CertificateRules } from './certificate.ts';
import { createTokenCheck, type TokenCheck, type TokenIssuer } from './token.ts';
import { createWebhookCheck } from './webhook.ts';

/** Who is known and by what; at least one of them. */
export interface DirectoryRules {
  /** Tokens of Microsoft Entra: method `OAUTH2-JWT`. */
  readonly entra?: TokenIssuer;
  /** Tokens of an issuer of one's own: method `CUSTOM-JWT`. */
  readonly customJwt?: TokenIssuer;
  readonly certificates?: CertificateRules;
  /** Asked about everybody whom none of the others is there for or knows. */
  readonly webhook?: HttpTarget;
}

/** Knows clients by token, by certificate or by asking; `wallClock` gives milliseconds since 1970. */
export function createDirectory(rules: DirectoryRules, wallClock: () => number): Authenticator {
  const { entra, customJwt, certificates } = rules;
  const tokens = new Map<string, TokenCheck>([
    ...(entra === undefined ? [] : [['OAUTH2-JWT', createTokenCheck('OAUTH2-JWT', entra)] as const]),
    ...(customJwt === undefined ? [] : [['CUSTOM-JWT', createTokenCheck('CUSTOM-JWT', customJwt)] as const]),
  ]);
  const certificate = certificates === undefined ? undefined : createCertificateCheck(certificates);
  const webhook = rules.webhook === undefined ? undefined : createWebhookCheck(rules.webhook);

  const byName: Authenticator = (credentials) => {
    const { raw } = credentials.request.certificate ?? {};
    const found: Identification = certificate?.(raw, credentials.request.username, wallClock()) ?? {
      kind: 'unknown',
      reasonCode: reason.notAuthorized,
      detail: 'neither a token nor a certificate',
    };
    return found.kind === 'known' || webhook === undefined ? found : webhook(credentials);
  };

  return (credentials) => {
    const { method, data } = credentials;
    if (method === undefined) return byName(credentials);
    return (
      tokens.get(method)?.(data, wallClock()) ??
      webhook?.(credentials) ?? {
        kind: 'unknown',
        reasonCode: reason.badAuthenticationMethod,
        detail: `no tokens are taken by method "${method}"`,
      }
    );
  };
}
