import { setTimeout as delay } from 'node:timers/promises';
import { parsePublish, PublishView } from '../forward/publish-view.ts';
import { varintLength, writeVarint } from '../forward/varint.ts';
import { Connection, type ConnectionParts } from '../session/connection.ts';
import type { Credentials } from '../session/credentials/credentials.ts';
import type { ConnectionSpec } from '../session/credentials/spec.ts';
import { credentialFault, refusedFault } from '../session/faults.ts';
import type { SessionFault } from '../session/machine.ts';

/** What the connection for heartbeats is made of. */
export interface PresenceParts {
  readonly spec: ConnectionSpec;
  readonly credentials: Credentials;
  readonly version: 4 | 5;
  readonly clientId: string;
  /** Where our heartbeats go, and what those of all instances match. */
  readonly topic: string;
  readonly filter: string;
  /** What the broker is to say for us when the connection breaks. */
  readonly will: () => Buffer;
  readonly connectTimeoutMs: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Heartbeats can be sent and heard. */
  readonly opened: () => void;
  /** They cannot; `refused` when the broker is there and does not let us. */
  readonly closed: (fault: SessionFault, refused: boolean) => void;
  /** True for a heartbeat of ours, come back from the broker. */
  readonly heard: (payload: Buffer) => boolean;
}

/** The connection over which an instance is seen by the others; it knows nothing of what is said there. */
export interface Presence {
  start(): void;
  /** At QoS 0; lost when there is no connection. */
  publish(payload: Buffer): void;
  /** Closes with DISCONNECT, so that no will is published. */
  stop(): Promise<void>;
}

/** Seconds: a frozen process shows by its silence long before. */
const KEEP_ALIVE = 5;
const MAX_PACKET_BYTES = 512 * 1024;
/** Pauses between attempts, in milliseconds: others take us for dead meanwhile. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
const REFUSED_PAUSE_MS = 5_000;
/**
 * Connections in a row that the broker took and closed before a heartbeat came back: Mosquitto does so in MQTT 5 when its
 * rules forget our topic. A broker that restarts takes none for a while.
 */
const CLOSES_FOR_REFUSED = 3;

/** Remembers its parts; `start` connects, and connects again until `stop`. */
export function createPresence(parts: PresenceParts): Presence {
  const ending = new AbortController();
  let current: Connection | undefined;
  const proof = createProof(parts);
  let attempt = 0;

  const lost = (fault: SessionFault, denied: boolean) => {
    current = undefined;
    if (ending.signal.aborted) return;
    if (proof.given) attempt = 0;
    const refused = proof.ended() || denied;
    parts.closed(fault, refused);
    const bound = refused ? REFUSED_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt++);
    delay(bound * (0.5 + parts.random() / 2), undefined, { signal: ending.signal }).then(open, () => undefined);
  };

  const open = async (): Promise<void> => {
    try {
      const material = await parts.credentials.load();
      if (ending.signal.aborted) return;
      const connection: Connection = new Connection({
        ...connectionParts({ ...parts, heard: (payload) => proof.heard(payload) }, material),
        up: () => void join(connection),
        down: (fault) => lost(fault, fault.verdict === 'refresh' || fault.verdict === 'slow'),
      });
      current = connection;
    } catch (error) {
      lost(credentialFault(error), false);
    }
  };

  const join = async (connection: Connection): Promise<void> => {
    try {
      const [code = 0x80] = (await connection.control?.subscribe([parts.filter], { qos: 0, noLocal: false })) ?? [];
      if (connection !== current) return;
      if (code < 0x80) {
        proof.begin();
        parts.opened();
      } else connection.fail({ ...refusedFault(code), verdict: 'slow' });
    } catch {
      // The connection ended meanwhile and has said so.
    }
  };

  return {
    start: () => void open(),
    publish: (payload) => void current?.write(publishPacket(parts.version, parts.topic, payload)),
    async stop() {
      ending.abort();
      const connection = current;
      current = undefined;
      await connection?.close(false);
      parts.credentials.close();
    },
  };
}

/** Whether the broker passes on what it lets us send: a heartbeat of ours that came back is the proof. */
function createProof({ heard }: Pick<PresenceParts, 'heard'>) {
  let state: 'closed' | 'awaited' | 'given' = 'closed';
  let closes = 0;
  return {
    get given() {
      return state === 'given';
    },
    /** Heartbeats can be sent. */
    begin() {
      state = 'awaited';
    },
    heard(payload: Buffer): boolean {
      const ours = heard(payload);
      if (ours) state = 'given';
      return ours;
    },
    /** The connection has ended; true when it is one of so many without proof that the broker must be refusing us. */
    ended(): boolean {
      closes = state === 'awaited' ? closes + 1 : 0;
      state = 'closed';
      return closes >= CLOSES_FOR_REFUSED;
    },
  };
}

function connectionParts(
  { spec, credentials, version, clientId, topic, will, connectTimeoutMs, now, heard }: PresenceParts,
  material: Awaited<ReturnType<Credentials['load']>>,
): Omit<ConnectionParts, 'up' | 'down'> {
  const { username, password, enhanced } = material;
  return {
    spec,
    material,
    credentials,
    connectTimeoutMs,
    now,
    control: {
      clientId,
      version,
      keepAlive: KEEP_ALIVE,
      cleanStart: true,
      sessionExpiry: 0,
      receiveMaximum: 100,
      maximumPacketSize: MAX_PACKET_BYTES,
      topicAliasMaximum: 0,
      connackTimeoutMs: connectTimeoutMs,
      will: { topic, payload: will() },
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(enhanced === undefined ? {} : { enhanced }),
    },
    receiver: heartbeatReceiver(version, heard),
    sender: NO_SENDER,
    breather: { count: () => undefined },
    renewed: () => undefined,
  };
}

/** Nothing is ever in flight here. */
const NO_SENDER: ConnectionParts['sender'] = {
  puback: () => undefined,
  pubrec: () => undefined,
  pubcomp: () => undefined,
  drained: () => undefined,
};

function heartbeatReceiver(version: 4 | 5, heard: (payload: Buffer) => void): ConnectionParts['receiver'] {
  const view = new PublishView();
  return {
    get fault() {
      return view.fault;
    },
    publish(bytes, start, body, end) {
      const fault = parsePublish(view, bytes, start, body, end, version);
      if (fault === 0) heard(bytes.subarray(view.payloadStart, view.end));
      return fault;
    },
    pubrel: () => undefined,
  };
}

/** PUBLISH at QoS 0 (MQTT5 3.3). */
function publishPacket(version: 4 | 5, topic: string, payload: Buffer): Buffer {
  const name = Buffer.from(topic);
  const properties = version === 5 ? 1 : 0;
  const remaining = 2 + name.length + properties + payload.length;
  const packet = Buffer.alloc(1 + varintLength(remaining) + remaining);
  packet[0] = 0x30;
  let at = writeVarint(packet, 1, remaining);
  at = packet.writeUInt16BE(name.length, at);
  at += name.copy(packet, at);
  payload.copy(packet, at + properties);
  return packet;
}
