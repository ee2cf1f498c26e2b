import type { WireTarget } from './wire.ts';

/** Why a wire could not be opened or was lost. */
export type WireFaultReason =
  | 'DnsFailed'
  | 'ConnectionRefused'
  | 'ConnectionReset'
  | 'ConnectionClosed'
  | 'ConnectionLost'
  | 'ConnectionFailed'
  | 'ConnectTimeout'
  | 'NetworkUnreachable'
  | 'TooManyOpenFiles'
  | 'TlsVerifyFailed'
  | 'TlsNameMismatch'
  | 'TlsExpired'
  | 'TlsClientCertificateRejected'
  | 'TlsVersionRefused'
  | 'TlsHandshakeFailed'
  | 'TlsMaterialInvalid'
  | 'WebSocketRefused'
  | 'WebSocketProtocol';

/** A reason a program can act on, and one sentence for a person: what happened, to which endpoint, what to change. */
export interface WireFault {
  readonly reason: WireFaultReason;
  readonly message: string;
}

/** How far a wire had come when it failed; one error code means different things before and after. */
export interface WireProgress {
  readonly stage: 'connecting' | 'securing' | 'upgrading' | 'open';
  readonly receivedAny: boolean;
}

const BY_CODE: Readonly<Record<string, WireFaultReason>> = {
  ECONNREFUSED: 'ConnectionRefused',
  ECONNRESET: 'ConnectionReset',
  ECONNABORTED: 'ConnectionReset',
  EPIPE: 'ConnectionReset',
  ETIMEDOUT: 'ConnectTimeout',
  ENETUNREACH: 'NetworkUnreachable',
  ENETDOWN: 'NetworkUnreachable',
  EHOSTUNREACH: 'NetworkUnreachable',
  EHOSTDOWN: 'NetworkUnreachable',
  EADDRNOTAVAIL: 'NetworkUnreachable',
  ENOTFOUND: 'DnsFailed',
  EMFILE: 'TooManyOpenFiles',
  ENFILE: 'TooManyOpenFiles',
  ERR_TLS_CERT_ALTNAME_INVALID: 'TlsNameMismatch',
  ERR_TLS_CERT_ALTNAME_FORMAT: 'TlsNameMismatch',
  HOSTNAME_MISMATCH: 'TlsNameMismatch',
  CERT_HAS_EXPIRED: 'TlsExpired',
  CERT_NOT_YET_VALID: 'TlsExpired',
};

const OPENSSL_REASON = /:error:0A([0-9A-F]{6}):/;
/** OpenSSL's reasons from here on are alerts of the other end. */
const FIRST_ALERT = 1000;
/** OpenSSL's own refusal of a version that the other end chose, as good as the alert for it. */
const UNSUPPORTED_PROTOCOL = 258;
const PROTOCOL_VERSION_ALERT = 70;

/** TLS alerts that say something of us, by their numbers in RFC 8446 appendix B.2. */
const BY_ALERT: ReadonlyMap<number, WireFaultReason> = new Map([
  // bad_certificate, unsupported_certificate, certificate_revoked, certificate_expired, certificate_unknown, unknown_ca,
  // access_denied, decrypt_error, certificate_required
  ...[42, 43, 44, 45, 46, 48, 49, 51, 116].map((alert) => [alert, 'TlsClientCertificateRejected'] as const),
  [PROTOCOL_VERSION_ALERT, 'TlsVersionRefused'],
]);

/** Of an error without a code. */
const NO_CODE = '';

// OpenSSL's X.509 verify results reach us as bare names; every other code carries a family prefix.
const VERIFY_RESULT =
  /^(UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_|CRL_|INVALID_|PATH_LENGTH_|EE_KEY_|CA_|AKID_|ERROR_IN_CERT_|NO_EXPLICIT_|UNHANDLED_CRITICAL_)/;

/** Names the reason behind an error of a socket, of TLS or of the WebSocket library. */
export function faultOf(error: unknown, target: WireTarget, progress: WireProgress): WireFault {
  const alert = alertOf(error);
  if (alert !== undefined) {
    return describeFault(BY_ALERT.get(alert) ?? 'TlsHandshakeFailed', target, {
      ...progress,
      detail: `TLS alert ${alert}`,
    });
  }
  const code = codeOf(error);
  return describeFault(reasonOf(code, progress), target, code === NO_CODE ? progress : { ...progress, detail: code });
}

/** The fault with its sentence; `detail` is a code or a status, never text from the peer. */
export function describeFault(
  reason: WireFaultReason,
  target: WireTarget,
  context: WireProgress & { readonly detail?: string },
): WireFault {
  const where = target.host.includes(':') ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
  const detail = context.detail === undefined ? '' : ` (${context.detail})`;
  return {
    reason,
    message: sentence(reason, target, context.stage)(where, detail) + silenceHint(reason, target, context),
  };
}

function codeOf(error: unknown): string {
  // Happy Eyeballs reports one error per address; they seldom differ, and the first address is the preferred one.
  const first = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const code = typeof first === 'object' && first !== null && 'code' in first ? first.code : undefined;
  return typeof code === 'string' ? code : NO_CODE;
}

// Depending on whether a read or a write met the alert, Node's code is of its own making or just EPROTO; OpenSSL's number in
// the message (library 0A is TLS) is always there.
function alertOf(error: unknown): number | undefined {
  const reason =
    error instanceof Error ? Number.parseInt(OPENSSL_REASON.exec(error.message)?.[1] ?? '', 16) : Number.NaN;
  if (reason === UNSUPPORTED_PROTOCOL) return PROTOCOL_VERSION_ALERT;
  return reason >= FIRST_ALERT ? reason - FIRST_ALERT : undefined;
}

function reasonOf(code: string, { stage }: WireProgress): WireFaultReason {
  // A peer that hangs up on our ClientHello does not speak TLS on this port, or speaks none of our versions.
  if (stage === 'securing' && (code === 'ECONNRESET' || code === 'EPIPE')) return 'TlsHandshakeFailed';
  if (stage === 'open' && code === 'ETIMEDOUT') return 'ConnectionLost';
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (code.startsWith('EAI_')) return 'DnsFailed';
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO') return 'TlsHandshakeFailed';
  if (code.startsWith('WS_ERR_')) return 'WebSocketProtocol';
  if (VERIFY_RESULT.test(code)) return 'TlsVerifyFailed';
  return stage === 'upgrading' ? 'WebSocketRefused' : 'ConnectionFailed';
}

type Sentence = (where: string, detail: string) => string;

function sentence(reason: WireFaultReason, target: WireTarget, stage: WireProgress['stage']): Sentence {
  const block = `${target.side}BrokerConnection`;
  const trust = `${block}.tls.trustedCaCertificateConfigMap`;
  const sentences: Readonly<Record<WireFaultReason, Sentence>> = {
    DnsFailed: (where, detail) =>
      `The host name of ${where} could not be resolved${detail}; check ${block}.endpoint and the DNS of this host.`,
    ConnectionRefused: (where, detail) =>
      `Nothing accepts connections at ${where}${detail}; check that the broker runs and that ${block}.endpoint names its port.`,
    ConnectionReset: (where, detail) =>
      `The connection to ${where} was reset by the other end${detail}; see the broker's log for the reason.`,
    ConnectionClosed: (where, detail) =>
      `The broker at ${where} closed the connection${detail}; see the broker's log for the reason.`,
    ConnectionLost: (where, detail) =>
      `The connection to ${where} stopped answering${detail}; check the network between here and the broker.`,
    ConnectionFailed: (where, detail) =>
      `The connection to ${where} failed${detail}; check ${block}.endpoint and the network.`,
    ConnectTimeout: (where, detail) =>
      `${where} did not finish ${STAGES[stage]} in time${detail}; check ${block}.endpoint, firewalls on the way and the broker's load.`,
    NetworkUnreachable: (where, detail) =>
      `There is no network route to ${where}${detail}; check the network of this host and ${block}.endpoint.`,
    TooManyOpenFiles: (where, detail) =>
      `No socket was left for ${where}${detail}; raise the limit of open files of this process.`,
    TlsVerifyFailed: (where, detail) =>
      `The certificate of ${where} is not signed by a trusted authority${detail}; put its CA into the ConfigMap that ${trust} names.`,
    TlsNameMismatch: (where, detail) =>
      `The certificate of ${where} is for another name${detail}; set ${block}.endpoint to a name in the certificate, or let the broker have one for this name.`,
    TlsExpired: (where, detail) =>
      `The certificate of ${where} is not valid today${detail}; renew it at the broker, or correct this host's clock.`,
    TlsClientCertificateRejected: (where, detail) =>
      `The broker at ${where} refused our client certificate or the lack of one${detail}; check ${block}.authentication.x509 and that the broker trusts its issuer.`,
    TlsVersionRefused: (where, detail) =>
      `${where} offers no TLS version from 1.2 on${detail}; update or reconfigure the broker.`,
    TlsHandshakeFailed: (where, detail) =>
      `The TLS handshake with ${where} failed${detail}; check that this port speaks TLS and whether the broker asks for a client certificate.`,
    TlsMaterialInvalid: (where, detail) =>
      `The certificates for ${where} cannot be used${detail}; check the CA ConfigMap and the x509 Secret of ${block}.`,
    WebSocketRefused: (where, detail) =>
      `${where} did not accept a WebSocket with sub-protocol mqtt at /mqtt${detail}; check ${block}.protocol and ${block}.endpoint.`,
    WebSocketProtocol: (where, detail) =>
      `${where} broke the rules of MQTT over WebSocket${detail}, so the connection was closed; check the broker or the proxy in front of it.`,
  };
  return sentences[reason];
}

const STAGES: Readonly<Record<WireProgress['stage'], string>> = {
  connecting: 'the TCP connection',
  securing: 'the TLS handshake',
  upgrading: 'the WebSocket handshake',
  open: 'the connection',
};

// In TLS 1.3 a server judges the client certificate after our handshake is over, and its alert can be lost in a reset.
function silenceHint(reason: WireFaultReason, target: WireTarget, { stage, receivedAny }: WireProgress): string {
  const unheard = stage === 'open' && target.tlsEnabled && !receivedAny;
  return unheard && (reason === 'ConnectionReset' || reason === 'ConnectionClosed')
    ? ' No byte came before that, so it may have refused the client certificate or the lack of one.'
    : '';
}
