import type { AddressInfo, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PeerCertificate, TlsOptions } from 'node:tls';

/** Where a broker listens. */
export interface ListenOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** With it the connections are TLS; `requestCert` makes client certificates visible to hooks. */
  readonly tls?: TlsOptions;
  /** MQTT over WebSocket at path /mqtt. */
  readonly webSocket?: boolean;
}

/** Takes a new connection. */
export type Accept = (stream: Duplex, certificate: () => PeerCertificate | undefined) => void;

/** An open port. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops taking connections; those taken are their owner's to end. */
  close(): Promise<void>;
}

/** Opens the port of a server; rejects when it cannot. */
export function bind(server: Server, { port = 0, host = '127.0.0.1' }: ListenOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Closes a server; resolves when its last connection is gone. */
export function unbind(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
