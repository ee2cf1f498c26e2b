import type {
  IConnackPacket,
  IConnectPacket,
  ISubackPacket,
  ISubscription,
  IUnsubackPacket,
  Packet,
} from 'mqtt-packet';
import { type ClientSession, createClientSession, type FinalAck } from './client-session.ts';
import {
  decodePacket,
  decodePublish,
  encodeAck,
  encodePacket,
  encodePublish,
  type IncomingPublish,
  type OutgoingPublish,
  type Version,
} from './codec.ts';
import { eventually } from './eventually.ts';
import { type Frame, packetId } from './frames.ts';
import type { Scope } from './scope.ts';
import { createWire, dial, type Endpoint, type Wire } from './wire.ts';

/** How to connect a raw client; MQTT 5, clean and without keep alive unless told. */
export interface RawClientOptions extends Endpoint {
  readonly clientId: string;
  readonly version?: Version;
  readonly clean?: boolean;
  /** Seconds the session outlives the connection (MQTT 5). */
  readonly sessionExpiry?: number;
  /** More fields of CONNECT: username, password, will, keepalive, properties. */
  readonly connect?: Partial<IConnectPacket>;
  /** False: the test sends PUBACK, PUBREC and PUBCOMP itself. */
  readonly autoAck?: boolean;
  /** What an earlier connection remembered: its in-flight messages are sent again. */
  readonly session?: ClientSession;
  /** Called for each message instead of keeping it in `messages`. */
  readonly onMessage?: (message: IncomingPublish) => void;
}

/** A small MQTT client that does what a test says, wrong things too. */
export interface RawClient extends Omit<Wire, 'send'> {
  readonly connack: IConnackPacket;
  readonly version: Version;
  readonly session: ClientSession;
  /** Messages received, QoS 2 ones once. */
  readonly messages: readonly IncomingPublish[];
  /** Packets received that are no PUBLISH, oldest first. */
  readonly packets: readonly Packet[];
  readonly send: (packet: Packet | Buffer) => void;
  readonly subscribe: (subscriptions: string | readonly ISubscription[], qos?: 0 | 1 | 2) => Promise<ISubackPacket>;
  readonly unsubscribe: (...filters: string[]) => Promise<IUnsubackPacket>;
  /** Publishes and waits for the final ack, refusals too; undefined at QoS 0. */
  readonly publish: (message: OutgoingPublish) => Promise<FinalAck | undefined>;
  /** Publishes with at most `window` messages in flight (100 unless told, never above the server's Receive Maximum). */
  readonly publishAll: (messages: Iterable<OutgoingPublish>, window?: number) => Promise<void>;
  /** Waits until so many messages have come in all. */
  readonly received: (count: number, deadlineMs?: number) => Promise<readonly IncomingPublish[]>;
  /** Waits for a packet that is no PUBLISH, one that came earlier included. */
  readonly packet: (predicate: (packet: Packet) => boolean, deadlineMs?: number) => Promise<Packet>;
  /** Sends DISCONNECT (without will, reason 0) and waits for the end. */
  readonly disconnect: () => Promise<void>;
}

/** Connects and resolves with the CONNACK, also a refusing one; rejects if none comes. The connection ends with the scope. */
export async function connectRawClient(scope: Scope, options: RawClientOptions): Promise<RawClient> {
  const { version = 5, session = createClientSession() } = options;
  const state: State = { options, version, session, messages: [], packets: [], count: 0 };
  const socket = await dial(options);
  const wire = createWire(socket, (frame) => handleFrame(state, wire, frame));
  scope.onTestFinished(async () => {
    wire.drop();
    await wire.closed;
  });
  wire.send(encodePacket(version, connectPacket(options, version)));
  const connack = await waitForConnack(state, wire);
  const accepted = (connack.reasonCode ?? connack.returnCode ?? 0) === 0;
  if (accepted) for (const bytes of session.resume(version, connack.sessionPresent)) wire.send(bytes);
  // Without a session to hand on nobody could ever finish what is in flight.
  if (!options.session) void wire.closed.then(() => session.fail(new Error('connection closed')));
  return createClient(state, wire, connack);
}

interface State {
  readonly options: RawClientOptions;
  readonly version: Version;
  readonly session: ClientSession;
  readonly messages: IncomingPublish[];
  readonly packets: Packet[];
  count: number;
}

function connectPacket(options: RawClientOptions, version: Version): IConnectPacket {
  const { clientId, clean = true, sessionExpiry, connect } = options;
  const properties = {
    ...connect?.properties,
    ...(sessionExpiry !== undefined && { sessionExpiryInterval: sessionExpiry }),
  };
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: version,
    clientId,
    clean,
    keepalive: 0,
    ...connect,
    ...(version === 5 && { properties }),
  };
}

async function waitForConnack({ packets }: State, wire: Wire): Promise<IConnackPacket> {
  const first = await eventually(() => packets.at(0) ?? (wire.open() ? undefined : 'closed'));
  if (first === 'closed') throw new Error('connection closed before CONNACK', { cause: await wire.closed });
  if (first.cmd !== 'connack') throw new Error(`${first.cmd} instead of CONNACK`);
  return first;
}

function handleFrame(state: State, wire: Wire, frame: Frame): void {
  const { version, session, packets } = state;
  if (frame.command === 'publish') return handlePublish(state, wire, frame);
  if (frame.command === 'pubrel' && state.options.autoAck !== false) {
    session.release(packetId(frame));
    wire.send(encodeAck('pubcomp', packetId(frame)));
    return;
  }
  const packet = decodePacket(version, frame.bytes);
  if (packet.cmd !== 'puback' && packet.cmd !== 'pubrec' && packet.cmd !== 'pubcomp') return void packets.push(packet);
  const pubrel = session.acked(packet);
  if (pubrel) wire.send(pubrel);
}

function handlePublish(state: State, wire: Wire, frame: Frame): void {
  const { options, version, session, messages } = state;
  const message = decodePublish(version, frame);
  const { qos, packetId } = message;
  if (qos < 2 || session.receive(packetId)) {
    state.count++;
    if (options.onMessage) options.onMessage(message);
    else messages.push(message);
  }
  if (qos > 0 && options.autoAck !== false) wire.send(encodeAck(qos === 1 ? 'puback' : 'pubrec', packetId));
}

function createClient(state: State, wire: Wire, connack: IConnackPacket): RawClient {
  const { version, session, messages, packets } = state;
  const send = (packet: Packet | Buffer) => wire.send(Buffer.isBuffer(packet) ? packet : encodePacket(version, packet));
  const packet = async (predicate: (packet: Packet) => boolean, deadlineMs = 10_000) => {
    const found = () => packets.find(predicate) ?? (wire.open() ? undefined : 'closed');
    const result = await eventually(found, { deadlineMs, describe: () => packets });
    if (result === 'closed') throw new Error('connection closed before the packet came');
    return result;
  };
  let requests = 0;
  const request = async (build: (messageId: number) => Packet, answer: 'suback' | 'unsuback') => {
    // Of their own range, so that they never meet a message in flight.
    const messageId = 60_000 + (requests++ % 5000);
    send(build(messageId));
    const reply = await packet((found) => found.cmd === answer && found.messageId === messageId);
    packets.splice(packets.indexOf(reply), 1);
    return reply;
  };
  return {
    ...wire,
    connack,
    version,
    session,
    messages,
    packets,
    send,
    packet,
    async subscribe(subscriptions, qos = 1) {
      const list = typeof subscriptions === 'string' ? [{ topic: subscriptions, qos }] : [...subscriptions];
      return (await request(
        (messageId) => ({ cmd: 'subscribe', messageId, subscriptions: list }),
        'suback',
      )) as ISubackPacket;
    },
    async unsubscribe(...filters) {
      const build = (messageId: number): Packet => ({ cmd: 'unsubscribe', messageId, unsubscriptions: filters });
      return (await request(build, 'unsuback')) as IUnsubackPacket;
    },
    publish: async (message) => publish(state, wire, message),
    publishAll: (all, window = 100) =>
      publishAll(state, wire, all, Math.min(window, connack.properties?.receiveMaximum ?? 65_535)),
    async received(count, deadlineMs = 10_000) {
      const describe = () => `${state.count} of ${count} messages`;
      await eventually(() => state.count >= count, { deadlineMs, describe });
      return messages;
    },
    async disconnect() {
      send({ cmd: 'disconnect', reasonCode: 0 });
      wire.end();
      await wire.closed;
    },
  };
}

function publish({ version, session }: State, wire: Wire, message: OutgoingPublish): Promise<FinalAck> | undefined {
  if ((message.qos ?? 0) === 0) {
    wire.send(encodePublish(version, message));
    return undefined;
  }
  const { id, ack } = session.take(message);
  wire.send(encodePublish(version, message, id));
  return ack;
}

// More than this waiting in our socket means that the broker reads slower than we make messages.
const UNSENT_MAX = 1024 * 1024;

async function publishAll(
  state: State,
  wire: Wire,
  messages: Iterable<OutgoingPublish>,
  window: number,
): Promise<void> {
  const flow: { inFlight: number; failure?: Error; wake?: () => void } = { inFlight: 0 };
  const settled = (failure?: Error) => {
    flow.inFlight--;
    if (failure) flow.failure = failure;
    flow.wake?.();
  };
  const below = async (limit: number) => {
    while (flow.inFlight >= limit && !flow.failure) await new Promise<void>((resolve) => (flow.wake = resolve));
    if (flow.failure) throw flow.failure;
  };
  for (const message of messages) {
    const ack = publish(state, wire, message);
    if (ack) {
      flow.inFlight++;
      void ack.then(() => settled(), settled);
      await below(window);
    } else if (wire.unsent() > UNSENT_MAX) {
      await eventually(() => wire.unsent() === 0 || !wire.open());
    }
    if (!wire.open() && !state.options.session) throw new Error('connection closed while publishing');
  }
  await below(1);
}
