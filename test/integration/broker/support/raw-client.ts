import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { generate, parser as createParser, type IConnectPacket, type Packet, type PacketCmd } from 'mqtt-packet';
import { onTestFinished } from 'vitest';
import { createFrameGuard } from '../../../../local/broker/codec/framing.ts';
import type { ProtocolVersion } from '../../../../local/broker/codec/publish.ts';

type PacketOf<Cmd extends PacketCmd> = Extract<Packet, { cmd: Cmd }>;

/** A client that does exactly what a test says and nothing by itself. */
export interface RawClient {
  readonly socket: Socket;
  send(...packets: (Packet | Buffer)[]): void;
  /** The next packet; fails when it is another one or the connection closes. */
  expect<Cmd extends PacketCmd>(cmd: Cmd): Promise<PacketOf<Cmd>>;
  /** The next packet as bytes. */
  frame(): Promise<Buffer>;
  /** Packets that came and were not asked for yet. */
  unread(): readonly Buffer[];
  /** Resolves when the broker closed the connection. */
  readonly closed: Promise<void>;
}

function parse(frame: Buffer, version: ProtocolVersion): Packet {
  const parser = createParser({ protocolVersion: version });
  let packet: Packet | undefined;
  let fault: unknown = new Error('incomplete packet');
  parser.on('packet', (parsed) => {
    packet = parsed;
  });
  parser.on('error', (error: unknown) => {
    fault = error;
  });
  parser.parse(frame);
  if (packet === undefined) throw fault;
  return packet;
}

/** Opens a connection that ends with the test; nothing is sent. */
export async function openRaw(port: number, version: ProtocolVersion = 5): Promise<RawClient> {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
  onTestFinished(() => void socket.destroy());
  const guard = createFrameGuard({ publish: 2 ** 28, control: 2 ** 28 });
  const frames: Buffer[] = [];
  const waiting: (() => void)[] = [];
  const wake = (): void => waiting.splice(0).forEach((resolve) => resolve());
  let over = false;
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    guard.push(chunk);
    for (let frame = guard.next(); frame !== undefined; frame = guard.next()) frames.push(Buffer.from(frame));
    wake();
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      over = true;
      wake();
      resolve();
    });
  });
  await once(socket, 'connect');

  async function frame(): Promise<Buffer> {
    for (;;) {
      const next = frames.shift();
      if (next !== undefined) return next;
      if (over) throw new Error('the broker closed the connection');
      await new Promise<void>((resolve) => void waiting.push(resolve));
    }
  }

  return {
    socket,
    closed,
    frame,
    unread: () => frames,
    send(...packets) {
      const bytes = packets.map((packet) =>
        Buffer.isBuffer(packet) ? packet : generate(packet, { protocolVersion: version }),
      );
      socket.write(Buffer.concat(bytes));
    },
    async expect(cmd) {
      const packet = parse(await frame(), version);
      if (packet.cmd !== cmd) throw new Error(`expected ${cmd}, got ${JSON.stringify(packet)}`);
      return packet as PacketOf<typeof cmd>;
    },
  };
}

/** A CONNECT with the usual fields. */
export function connectPacket(clientId: string, fields: Partial<IConnectPacket> = {}): IConnectPacket {
  return { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 0, clientId, ...fields };
}

/** A connected raw client and the CONNACK it got. */
export interface ConnectedRaw extends RawClient {
  readonly connack: PacketOf<'connack'>;
}

/** Opens a connection and goes through CONNECT. */
export async function connectRaw(
  port: number,
  clientId: string,
  fields: Partial<IConnectPacket> = {},
): Promise<ConnectedRaw> {
  const version = fields.protocolVersion === 4 ? 4 : 5;
  const client = await openRaw(port, version);
  client.send(connectPacket(clientId, fields));
  return { ...client, connack: await client.expect('connack') };
}

/** Subscribes and waits for the answer. */
export async function subscribeRaw(
  client: RawClient,
  topic: string,
  options: { qos?: 0 | 1 | 2; nl?: boolean; rap?: boolean; rh?: 0 | 1 | 2; identifier?: number } = {},
): Promise<readonly number[]> {
  const { qos = 1, nl = false, rap = false, rh = 0, identifier } = options;
  client.send({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [{ topic, qos, nl, rap, rh }],
    ...(identifier === undefined ? {} : { properties: { subscriptionIdentifier: identifier } }),
  });
  const { granted } = await client.expect('suback');
  return granted as number[];
}

/** Sends PINGREQ and waits for PINGRESP: everything sent before has been handled. */
export async function roundTrip(client: RawClient): Promise<void> {
  client.send({ cmd: 'pingreq' });
  await client.expect('pingresp');
}

/** A QoS 0 to 2 PUBLISH packet. */
export function publishPacket(
  topic: string,
  payload: string,
  fields: Partial<PacketOf<'publish'>> = {},
): PacketOf<'publish'> {
  return { cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false, ...fields };
}
