import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';
import { FrameReader } from '../../agent/forward/frame-reader.ts';
import { HIGHEST_PUBLISH_ID } from '../../agent/forward/packet-ids.ts';
import type { ConnectionMaterial } from '../../agent/session/credentials/credentials.ts';
import type { ConnectionSpec } from '../../agent/session/credentials/spec.ts';
import {
  disconnectedFault,
  hostileFault,
  refusedFault,
  unresponsiveFault,
  wireFault,
} from '../../agent/session/faults.ts';
import type { SessionFault } from '../../agent/session/machine.ts';
import {
  type Connack,
  type Control,
  type ControlOptions,
  openControl,
  type SubscribeOptions,
} from '../../agent/session/mqtt-client.ts';
import { openWire } from '../../agent/session/wire/open-wire.ts';
import type { Wire } from '../../agent/session/wire/wire.ts';
import { TIME_IS_UP } from './time-is-up.ts';

/** What a probe connects with. */
export interface ProbeParts {
  readonly spec: ConnectionSpec;
  readonly material: ConnectionMaterial;
  readonly control: ControlOptions;
  /** For DNS, TCP, TLS and WebSocket together. */
  readonly connectTimeoutMs: number;
  /** For each answer behind CONNACK. */
  readonly answerTimeoutMs: number;
  /** Ends the connection, whatever it waits for. */
  readonly signal: AbortSignal;
}

/** One connection that asks a broker what it permits. What messages it is sent are dropped unread. */
export interface ProbeClient {
  readonly connack: Connack;
  /** Resolves with the reason code of each filter; rejects with ProbeEndedError. */
  subscribe(filters: readonly string[], options: SubscribeOptions): Promise<readonly number[]>;
  /** Resolves when the broker has answered; rejects with ProbeEndedError. */
  unsubscribe(filters: readonly string[]): Promise<void>;
  /** Publishes one message at QoS 1 and resolves with its reason code; rejects with ProbeEndedError. */
  publish(topic: string, payload: string): Promise<number>;
  /** Resolves with what the broker retains under these topics, by topic; rejects with ProbeEndedError. */
  readRetained(topics: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Says DISCONNECT and closes. */
  close(): void;
}

/** The connection ended before the broker answered. */
export class ProbeEndedError extends Error {
  override readonly name = 'ProbeEndedError';
  readonly fault: SessionFault;

  constructor(fault: SessionFault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** Control packet types (MQTT5 2.1.2). */
const Type = { publish: 3, puback: 4, disconnect: 14 } as const;
const DISCONNECT = Buffer.of(0xe0, 0);
const PACKET_ID = HIGHEST_PUBLISH_ID;
/** Messages this long are not what `readRetained` asks for. */
const MOST_RETAINED_BYTES = 4_096;

/** Connects; rejects with ProbeEndedError. */
export async function connectProbe(parts: ProbeParts): Promise<ProbeClient> {
  const link = openLink(parts);
  const connack = await link.accepted;
  let acknowledged: ((code: number) => void) | undefined;
  link.onPuback = (code) => acknowledged?.(code);
  return {
    connack,
    subscribe: (filters, options) => link.answered(link.control().subscribe(filters, options)),
    unsubscribe: (filters) => link.answered(link.control().unsubscribe(...filters)),
    publish(topic, payload) {
      const answer = new Promise<number>((resolve) => {
        acknowledged = resolve;
      });
      link.write(publishPacket(topic, payload, parts.control.version));
      return link.answered(answer);
    },
    async readRetained(topics) {
      const found = new Map<string, string>();
      link.onPublish = (frame) => keepMessage(found, frame, parts.control.version);
      await link.answered(link.control().subscribe(topics, { qos: 0, noLocal: false }));
      // What is retained comes before the answer to what is asked afterwards.
      await link.answered(link.control().unsubscribe(...topics));
      link.onPublish = undefined;
      return found;
    },
    close: () => link.close(),
  };
}

/** The wire with its control channel, and the one thing that can end both. */
interface Link {
  readonly accepted: Promise<Connack>;
  control(): Control;
  write(bytes: Buffer): void;
  /** An answer, unless the connection ends first. */
  answered<T>(answer: Promise<T>): Promise<T>;
  close(): void;
  onPuback: ((code: number) => void) | undefined;
  onPublish: ((frame: Buffer) => void) | undefined;
}

function openLink({ spec, material, control: options, connectTimeoutMs, answerTimeoutMs, signal }: ProbeParts): Link {
  const accepted = Promise.withResolvers<Connack>();
  const over = Promise.withResolvers<never>();
  let control: Control | undefined;
  let wire: Wire | undefined;

  function end(fault: SessionFault): void {
    const error = new ProbeEndedError(fault);
    accepted.reject(error);
    over.reject(error);
    control?.dispose();
    wire?.destroy();
  }

  const link: Link = {
    accepted: accepted.promise,
    control() {
      if (control === undefined) throw new Error('there is no connection yet');
      return control;
    },
    write: (bytes) => void wire?.write(bytes),
    async answered(answer) {
      const timer = setTimeout(() => end(SILENT), answerTimeoutMs);
      try {
        return await Promise.race([answer, over.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
    close() {
      wire?.write(DISCONNECT);
      control?.dispose();
      wire?.end();
    },
    onPuback: undefined,
    onPublish: undefined,
  };
  // Nobody may be waiting when the connection ends.
  over.promise.catch(() => undefined);
  accepted.promise.catch(() => undefined);
  const reader = createReader(options.maximumPacketSize, link, end);
  wire = openWire(
    spec,
    material,
    {
      opened() {
        control = openControl(options, {
          write: (bytes) => void wire?.write(bytes),
          connected: accepted.resolve,
          refused: (code) => end(refusedFault(code)),
          failed: (reason, detail) => end(unresponsiveFault(reason, detail, spec)),
        });
      },
      received: (bytes, length) => reader.feed(bytes, length),
      drained: () => undefined,
      closed: (fault) => end(wireFault(fault)),
    },
    { connectTimeoutMs },
  );
  signal.addEventListener('abort', () => end(TIME_IS_UP), { once: true });
  return link;
}

/** The broker leaves a question open. */
const SILENT: SessionFault = {
  reason: 'AckTimeout',
  message: 'The broker did not answer in time; look at its load and its log.',
  verdict: 'retry',
};

function createReader(maximumPacketSize: number, link: Link, end: (fault: SessionFault) => void): FrameReader {
  return new FrameReader(
    {
      frame(bytes, start, body, stop) {
        const type = (bytes[start] ?? 0) >> 4;
        if (type === Type.publish) link.onPublish?.(bytes.subarray(start, stop));
        else if (type === Type.puback) link.onPuback?.(stop - body > 2 ? (bytes[body + 2] ?? 0) : 0);
        else if (type === Type.disconnect) end(disconnectedFault(stop > body ? (bytes[body] ?? 0) : 0));
        else link.control().read(bytes.subarray(start, stop));
        return true;
      },
      malformed: (reasonCode, detail) => end(hostileFault(reasonCode, detail)),
    },
    maximumPacketSize,
  );
}

function publishPacket(topic: string, payload: string, version: 4 | 5): Buffer {
  const packet: IPublishPacket = {
    cmd: 'publish',
    topic,
    payload,
    qos: 1,
    retain: false,
    dup: false,
    messageId: PACKET_ID,
    // Nobody should find the probe of yesterday.
    ...(version === 5 && { properties: { messageExpiryInterval: 60 } }),
  };
  return generate(packet, { protocolVersion: version });
}

function keepMessage(found: Map<string, string>, frame: Buffer, version: 4 | 5): void {
  if (frame.length > MOST_RETAINED_BYTES) return;
  const reader = parser({ protocolVersion: version });
  reader.on('packet', (packet: Packet) => {
    if (packet.cmd === 'publish') found.set(packet.topic, packet.payload.toString('utf8'));
  });
  reader.on('error', () => undefined);
  reader.parse(Buffer.from(frame));
}
