import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createWebSocketStream, WebSocketServer, type WebSocket } from 'ws';
import { bind, unbind, type Accept, type Listener, type ListenOptions } from './listener.ts';
import { certificateOf } from './socket.ts';

/** Where WebSocket clients find MQTT, as Event Grid and Mosquitto have it. */
const PATH = '/mqtt';

/** MQTT5 6.0: both sides speak the sub-protocol "mqtt". */
function chooseProtocol(offered: Set<string>): string | false {
  return offered.has('mqtt') ? 'mqtt' : false;
}

function take(socket: WebSocket, request: IncomingMessage, accept: Accept): void {
  // MQTT5 6.0: packets travel in binary frames only.
  socket.on('message', (_data, isBinary) => {
    if (!isBinary) socket.close(1003);
  });
  accept(createWebSocketStream(socket), () => certificateOf(request.socket));
}

/** Listens for MQTT over WebSocket, secure when options for TLS are given; `maximumFrame` bounds one frame in bytes. */
export async function listenOnWebSocket(at: ListenOptions, accept: Accept, maximumFrame: number): Promise<Listener> {
  const server = at.tls === undefined ? createServer() : createTlsServer(at.tls);
  const sockets = new WebSocketServer({
    server,
    path: PATH,
    perMessageDeflate: false,
    maxPayload: maximumFrame,
    handleProtocols: chooseProtocol,
  });
  sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => take(socket, request, accept));
  const { address, port } = await bind(server, at);
  return {
    host: address,
    port,
    async close() {
      sockets.close();
      const closed = unbind(server);
      // Plain HTTP connections kept open; those upgraded to WebSocket are ended by the broker.
      server.closeAllConnections();
      await closed;
    },
  };
}
