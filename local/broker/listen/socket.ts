import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type PeerCertificate } from 'node:tls';
import { bind, unbind, type Accept, type Listener, type ListenOptions } from './listener.ts';

/** The certificate the client sent, with those above it; undefined without TLS or without one. */
export function certificateOf(socket: Socket): PeerCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerCertificate(true);
  return Object.keys(certificate).length === 0 ? undefined : certificate;
}

/** Listens for MQTT over TCP, or over TLS when options for it are given. */
export async function listenOnSocket(at: ListenOptions, accept: Accept): Promise<Listener> {
  const take = (socket: Socket): void => accept(socket, () => certificateOf(socket));
  const server =
    at.tls === undefined ? createServer({ noDelay: true }, take) : createTlsServer({ noDelay: true, ...at.tls }, take);
  const pending = new Set<Socket>();
  // Sockets in their TLS handshake belong to nobody yet, and would hold up the close of the server.
  server.on('connection', (socket: Socket) => {
    pending.add(socket);
    socket.once('close', () => pending.delete(socket));
  });
  const { address, port } = await bind(server, at);
  return {
    host: address,
    port,
    close() {
      const closed = unbind(server);
      if (at.tls !== undefined) for (const socket of pending) socket.destroySoon();
      return closed;
    },
  };
}
