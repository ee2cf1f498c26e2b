import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import { z } from 'zod';
import { reason } from '../../broker/reason.ts';
import { sendRequest, type HttpTarget } from '../http-request.ts';
import type { Credentials, Identification } from './authenticator.ts';

/** Asks somebody else who shows these credentials. */
export type WebhookCheck = (credentials: Credentials) => Promise<Identification>;

const answer = z.discriminatedUnion('decision', [
  z.object({
    decision: z.literal('allow'),
    clientAuthenticationName: z.string().min(1),
    attributes: z.record(z.string(), z.union([z.string(), z.int32(), z.array(z.string())])).default({}),
    /** Seconds since 1970. */
    expiration: z.int().optional(),
  }),
  z.object({ decision: z.literal('deny'), errorReason: z.string().optional() }),
]);

function pemOf({ raw }: PeerCertificate): string {
  return new X509Certificate(raw).toString();
}

/** The certificates above a client's own, as it sent them; the last one is its own issuer where it signed itself. */
function chainOf(certificate: PeerCertificate): string {
  const parts: string[] = [];
  let at = certificate as Partial<DetailedPeerCertificate>;
  for (let above = at.issuerCertificate; above !== undefined && above !== at; above = at.issuerCertificate) {
    parts.push(pemOf(above));
    at = above;
  }
  return parts.join('');
}

/** The body of the request: what CONNECT or AUTH said, bytes in Base64, what was not said left out. */
function questionOf({ request, method, data }: Credentials): string {
  const { certificate } = request;
  const chain = certificate === undefined ? '' : chainOf(certificate);
  return JSON.stringify({
    clientId: request.clientId,
    userName: request.username,
    password: request.password?.toString('base64'),
    authenticationMethod: method,
    authenticationData: data?.toString('base64'),
    clientCertificate: certificate === undefined ? undefined : pemOf(certificate),
    clientCertificateChain: chain === '' ? undefined : chain,
  });
}

function identificationOf(body: string): Identification {
  const said = answer.parse(JSON.parse(body));
  if (said.decision === 'deny') {
    return { kind: 'unknown', reasonCode: reason.notAuthorized, detail: said.errorReason ?? 'the webhook denied it' };
  }
  const { clientAuthenticationName, attributes, expiration } = said;
  return {
    kind: 'known',
    name: clientAuthenticationName,
    attributes,
    expiresAt: expiration === undefined ? undefined : expiration * 1000,
  };
}

/** A check by webhook; an answer that is late, not 200 or none refuses with 0x88. */
export function createWebhookCheck(target: HttpTarget): WebhookCheck {
  return async (credentials) => {
    try {
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      const { status, body } = await sendRequest(target, { method: 'POST', headers, body: questionOf(credentials) });
      if (status !== 200) throw new Error(`the webhook answered ${status}`);
      return identificationOf(body);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { kind: 'unknown', reasonCode: reason.serverUnavailable, detail };
    }
  };
}
