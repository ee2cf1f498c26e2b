import { type OnReadOpts, type Socket, connect as connectTcp, isIP } from 'node:net';
import { type SecureContext, connect as connectTls } from 'node:tls';
import type { WireTarget } from './wire.ts';

/**
 * Starts a TCP connection, or a TLS connection when there is a context. With `onread` bytes go to its callback and no `data`
 * events occur. Throws when the port is out of range.
 */
export function connectSocket(
  target: WireTarget,
  secureContext: SecureContext | undefined,
  onread?: OnReadOpts,
): Socket {
  const options = {
    host: target.host,
    port: target.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    // Node gives an address of a dual-stack host a fraction of a second, which a satellite or cellular link does not meet.
    autoSelectFamilyAttemptTimeout: 2_000,
    ...(onread === undefined ? {} : { onread }),
  };
  if (secureContext === undefined) return connectTcp(options);
  return connectTls({
    ...options,
    secureContext,
    // Said in so many words because Node otherwise lets NODE_TLS_REJECT_UNAUTHORIZED=0 switch verification off.
    rejectUnauthorized: true,
    // RFC 6066 section 3: no IP address in SNI; the certificate is checked against the address all the same.
    ...(isIP(target.host) === 0 ? { servername: target.host.replace(/\.$/, '') } : {}),
  });
}
