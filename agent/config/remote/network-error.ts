/** What a failed request says: a code, never text from the peer. */
export interface NetworkFailure {
  readonly code: string;
  /** The other side was reached, and is not trusted. */
  readonly isTls: boolean;
}

/** Reads what the network threw. */
export function networkFailure(error: unknown): NetworkFailure {
  // One error per address; they seldom differ.
  const first: unknown = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const found = typeof first === 'object' && first !== null && 'code' in first ? first.code : undefined;
  const code = typeof found === 'string' ? found : 'no connection';
  return { code, isTls: isTls(code) };
}

// OpenSSL's X.509 verify results are bare names; Node's own codes carry a prefix.
function isTls(code: string): boolean {
  return /^(?:UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_|CRL_|HOSTNAME_|INVALID_|ERR_TLS_|ERR_SSL_|EPROTO$)/.test(code);
}
