import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { type TlsOptions, createServer as createTlsServer } from 'node:tls';
import { once } from 'node:events';
import type { Scope } from '../../support/scope.ts';

/** A listening server of a test; `sockets` are the connections that stand. */
export interface TestServer {
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
}

/** Listens with TCP on loopback until the scope ends. */
export function startTcpServer(scope: Scope, serve: (socket: Socket) => void): Promise<TestServer> {
  return listen(scope, createServer(), 'connection', serve);
}

/** Listens with TLS on loopback until the scope ends. */
export function startTlsServer(
  scope: Scope,
  options: TlsOptions,
  serve: (socket: Socket) => void,
): Promise<TestServer> {
  return listen(scope, createTlsServer(options), 'secureConnection', serve);
}

async function listen(
  scope: Scope,
  server: Server,
  event: string,
  serve: (socket: Socket) => void,
): Promise<TestServer> {
  const raw = new Set<Socket>();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    raw.add(socket);
    socket.once('close', () => raw.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.on(event, (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // The client's resets are what many of these tests are about.
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.onTestFinished(async () => {
    for (const socket of raw) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}
