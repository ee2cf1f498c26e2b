import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { IConnackPacket, IConnectPacket, Packet } from 'mqtt-packet';
import {
  decodePacket,
  decodePublish,
  encodePacket,
  encodePublish,
  type IncomingPublish,
  type OutgoingPublish,
  type Version,
} from './codec.ts';
import { eventually } from './eventually.ts';
import type { Command, Frame } from './frames.ts';
import { freePort } from './free-port.ts';
import type { Scope } from './scope.ts';
import { createWire, type Wire } from './wire.ts';

/** What to send instead of the usual answer: nothing of it (undefined = answer as usual), silence, or these packets or bytes. */
export type Reply = undefined | 'silence' | Packet | Buffer | readonly (Packet | Buffer)[];

/** What a scripted broker does; by default it says yes to everything. */
export interface RawBrokerOptions {
  /** Fields of the usual CONNACK: sessionPresent, reasonCode, properties. */
  readonly connack?: Partial<IConnackPacket>;
  /** Asked about every packet it can decode; `nth` counts that packet type on that connection from 1. */
  readonly answer?: (packet: Packet, nth: number, connection: RawConnection) => Reply;
  /** Listen with TLS: key, cert, ca, requestCert. */
  readonly tls?: TlsOptions;
  readonly port?: number;
}

/** One client's connection as the scripted broker sees it. */
export interface RawConnection extends Omit<Wire, 'send'> {
  /** The CONNECT it began with. */
  readonly connect: IConnectPacket;
  readonly version: Version;
  /** Everything received, bytes as they came, CONNECT first. */
  readonly frames: readonly Frame[];
  /** Everything received that mqtt-packet can decode. */
  readonly packets: readonly Packet[];
  /** The PUBLISH packets received, repeated ones too. */
  readonly messages: readonly IncomingPublish[];
  readonly count: (command: Command) => number;
  readonly send: (packet: Packet | Buffer) => void;
  /** Sends a PUBLISH with the next packet identifier (or `id`) and returns it; 0 at QoS 0. */
  readonly publish: (message: OutgoingPublish, id?: number) => number;
  /** Waits for a packet, one that came earlier included. */
  readonly packet: (predicate: (packet: Packet) => boolean, deadlineMs?: number) => Promise<Packet>;
}

/** A broker that follows a test's script. */
export interface RawBroker {
  readonly port: number;
  /** Connections that sent a CONNECT, oldest first, ended ones included. */
  readonly connections: readonly RawConnection[];
  /** Waits for the nth connection (0 = first) that sent a CONNECT. */
  readonly connection: (nth: number, deadlineMs?: number) => Promise<RawConnection>;
  /** Drops all connections and refuses new ones. */
  readonly close: () => Promise<void>;
}

/** Starts a scripted broker; it ends with the scope. */
export async function startRawBroker(scope: Scope, options: RawBrokerOptions = {}): Promise<RawBroker> {
  const connections: RawConnection[] = [];
  const wires = new Set<Wire>();
  const accept = (socket: Socket) => {
    const wire = serve(socket, options, connections);
    wires.add(wire);
    void wire.closed.then(() => wires.delete(wire));
  };
  const server = options.tls ? createTlsServer(options.tls, accept) : createServer({ noDelay: true }, accept);
  // A client that refuses our certificate shows on its own side.
  server.on('tlsClientError', () => undefined);
  const port = options.port ?? (await freePort());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    const closed = stop(server);
    for (const wire of wires) wire.drop();
    await closed;
  };
  scope.onTestFinished(close);
  const connection = (nth: number, deadlineMs = 10_000) => {
    const describe = () => `${connections.length} connections`;
    return eventually(() => connections[nth], { deadlineMs, describe });
  };
  return { port, connections, connection, close };
}

async function stop(server: Server): Promise<void> {
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}

function serve(socket: Socket, options: RawBrokerOptions, connections: RawConnection[]): Wire {
  const frames: Frame[] = [];
  const packets: Packet[] = [];
  const messages: IncomingPublish[] = [];
  let connection: RawConnection | undefined;
  const wire = createWire(socket, (frame) => {
    frames.push(frame);
    const version = connection?.version ?? 5;
    const packet = tryDecode(version, frame);
    if (!packet) return;
    packets.push(packet);
    if (!connection && packet.cmd === 'connect') {
      connection = createConnection(wire, packet, { frames, packets, messages });
      connections.push(connection);
    }
    if (packet.cmd === 'publish') messages.push(decodePublish(version, frame));
    if (connection) reply(connection, packet, options);
  });
  return wire;
}

/** An agent may rightly send what mqtt-packet's tables refuse; the frame is kept in any case. */
function tryDecode(version: Version, frame: Frame): Packet | undefined {
  try {
    return decodePacket(version, frame.bytes);
  } catch {
    return undefined;
  }
}

function createConnection(
  wire: Wire,
  connect: IConnectPacket,
  seen: Pick<RawConnection, 'frames' | 'packets' | 'messages'>,
): RawConnection {
  const version: Version = connect.protocolVersion === 5 ? 5 : 4;
  let last = 0;
  const send = (packet: Packet | Buffer) => wire.send(Buffer.isBuffer(packet) ? packet : encodePacket(version, packet));
  return {
    ...wire,
    ...seen,
    connect,
    version,
    send,
    count: (command) => seen.frames.filter((frame) => frame.command === command).length,
    publish(message, id) {
      const chosen = (message.qos ?? 0) === 0 ? 0 : (id ?? (last = (last % 65_535) + 1));
      send(encodePublish(version, message, chosen));
      return chosen;
    },
    packet: (predicate, deadlineMs = 10_000) =>
      eventually(() => seen.packets.find(predicate), { deadlineMs, describe: () => seen.packets.slice(-20) }),
  };
}

function reply(connection: RawConnection, packet: Packet, { answer, connack }: RawBrokerOptions): void {
  const chosen = answer?.(packet, connection.count(packet.cmd), connection) ?? usualAnswer(packet, connack);
  if (chosen === 'silence' || chosen === undefined) return;
  for (const part of Array.isArray(chosen) ? chosen : [chosen]) connection.send(part as Packet | Buffer);
}

function usualAnswer(packet: Packet, connack: Partial<IConnackPacket> = {}): Packet | undefined {
  const messageId = packet.messageId ?? 0;
  if (packet.cmd === 'connect') {
    return { cmd: 'connack', sessionPresent: false, reasonCode: 0, returnCode: connack.reasonCode ?? 0, ...connack };
  }
  if (packet.cmd === 'subscribe') {
    return { cmd: 'suback', messageId, granted: packet.subscriptions.map(({ qos }) => qos) };
  }
  if (packet.cmd === 'unsubscribe') return { cmd: 'unsuback', messageId, granted: packet.unsubscriptions.map(() => 0) };
  if (packet.cmd === 'pingreq') return { cmd: 'pingresp' };
  if (packet.cmd === 'publish' && packet.qos > 0) return { cmd: packet.qos === 1 ? 'puback' : 'pubrec', messageId };
  if (packet.cmd === 'pubrec') return { cmd: 'pubrel', messageId };
  if (packet.cmd === 'pubrel') return { cmd: 'pubcomp', messageId };
  return undefined;
}

/** Waits for the nth connection (0 = first) of a client ID. */
export function connectionOf(broker: RawBroker, clientId: string, nth = 0): Promise<RawConnection> {
  const own = () => broker.connections.filter(({ connect }) => connect.clientId === clientId);
  return eventually(() => own()[nth], { describe: () => broker.connections.map(({ connect }) => connect.clientId) });
}
