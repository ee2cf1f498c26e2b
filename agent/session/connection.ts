import { reasonOf, sentenceOf, verdictOf } from '../../shared/reason-codes.ts';
import { FrameReader, type FrameHandler } from '../forward/frame-reader.ts';
import type { Receiver } from '../forward/receiver.ts';
import type { Sender } from '../forward/sender.ts';
import type { ConnectionMaterial } from './credentials/credentials.ts';
import type { ConnectionSpec } from './credentials/spec.ts';
import type { SessionFault } from './machine.ts';
import { type Connack, type Control, type ControlOptions, openControl } from './mqtt-client.ts';
import { ReasonCode } from './reason-code.ts';
import { openWire } from './wire/open-wire.ts';
import type { WireFault } from './wire/fault.ts';
import type { Wire, WireHandler } from './wire/wire.ts';

/** What one connection is made of. */
export interface ConnectionParts {
  readonly spec: ConnectionSpec;
  readonly material: ConnectionMaterial;
  readonly control: ControlOptions;
  readonly connectTimeoutMs: number;
  readonly receiver: Receiver;
  readonly sender: Sender;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly up: (connack: Connack) => void;
  /** Once, when the connection ends without `close` having been called. */
  readonly down: (fault: SessionFault) => void;
}

/** One MQTT connection: from opening the wire to its end. It is never opened again. */
export interface Connection {
  readonly control: Control | undefined;
  write(bytes: Buffer): boolean;
  writtenThrough(): boolean;
  /** Reads on after the receiver asked to hold. */
  proceed(): void;
  /** Says DISCONNECT and closes; resolves when the wire is gone. `forget` asks the broker to end the session too. */
  close(options?: { readonly forget?: boolean }): Promise<void>;
  /** Drops the connection without a word and reports the fault. */
  fail(fault: SessionFault): void;
}

/** How long a broker may take to close after DISCONNECT. */
const CLOSE_PATIENCE_MS = 1_000;
const PINGRESP = Buffer.of(0xd0, 0);

/** Control packet types (MQTT5 2.1.2). */
const Type = { connack: 2, publish: 3, puback: 4, pubrec: 5, pubrel: 6, pubcomp: 7, suback: 9, unsuback: 11 } as const;
const TypeTail = { pingresp: 13, disconnect: 14, auth: 15 } as const;

/** Starts to connect. */
export function openConnection(parts: ConnectionParts): Connection {
  const { receiver, sender, now } = parts;
  const version = parts.control.version;
  let control: Control | undefined;
  let over = false;
  let accepted = false;
  let holding = false;
  const gone = Promise.withResolvers<void>();

  const finish = (fault: SessionFault) => {
    if (over) return;
    over = true;
    control?.dispose();
    wire.destroy();
    parts.down(fault);
  };

  /** Closes a connection whose broker broke the protocol, with the reason where the version allows to say it. */
  const abort = (reasonCode: number, detail: string) => {
    if (over) return;
    if (version === 5) wire.write(Buffer.of(0xe0, 2, reasonCode, 0));
    over = true;
    control?.dispose();
    wire.end();
    parts.down(hostile(reasonCode, detail));
  };

  const handler: FrameHandler = {
    frame(bytes, start, body, end) {
      const type = bytes[start] >> 4;
      if (type === Type.publish && accepted) return publish(bytes, start, body, end);
      if (type >= Type.puback && type <= Type.pubcomp && accepted) return acknowledgement(type, bytes, body, end);
      return other(type, bytes, start, body, end);
    },
    malformed: abort,
  };

  const publish = (bytes: Buffer, start: number, body: number, end: number): boolean => {
    const result = receiver.publish(bytes, start, body, end, chunkAt);
    if (result === 0) return true;
    if (result > 0) abort(result, receiver.fault);
    else holding = true;
    return result > 0;
  };

  const acknowledgement = (type: number, bytes: Buffer, body: number, end: number): boolean => {
    if (end - body < 2 || (version === 4 && end - body > 2)) {
      abort(ReasonCode.malformedPacket, 'length of an acknowledgement');
      return true;
    }
    const id = (bytes[body] << 8) | bytes[body + 1];
    const code = end - body > 2 ? bytes[body + 2] : 0;
    if (id === 0) abort(ReasonCode.protocolError, 'packet identifier 0');
    else if (type === Type.puback) sender.puback(id, code);
    else if (type === Type.pubrec) sender.pubrec(id, code);
    else if (type === Type.pubcomp) sender.pubcomp(id);
    else receiver.pubrel(id);
    return true;
  };

  const other = (type: number, bytes: Buffer, start: number, body: number, end: number): boolean => {
    switch (type) {
      case Type.connack:
        control?.read(bytes.subarray(start, end));
        // What follows CONNACK must wait until this side knows its limits and whether the session is the old one.
        return accepted;
      case Type.suback:
      case Type.unsuback:
      case TypeTail.pingresp:
      case TypeTail.auth:
        control?.read(bytes.subarray(start, end));
        return true;
      case TypeTail.disconnect:
        finish(disconnected(end > body ? bytes[body] : 0));
        return true;
      default:
        abort(ReasonCode.protocolError, `a packet of type ${type} from a broker`);
        return true;
    }
  };

  const reader = new FrameReader(handler, parts.control.maximumPacketSize);
  let chunkAt = 0;

  const openSession = () => {
    control = openControl(parts.control, {
      write(bytes) {
        wire.write(bytes);
        // While reading is held on purpose the broker's answers wait behind its messages: silence is ours.
        if (holding && bytes.length === 2 && bytes[0] === 0xc0) control?.read(PINGRESP);
      },
      connected(connack) {
        accepted = true;
        parts.up(connack);
        if (!over && reader.resume()) wire.resume();
      },
      refused: (code) => finish(refused(code)),
      failed: (reason, detail) => finish(failed(reason, detail, parts.spec)),
    });
  };

  const wireHandler: WireHandler = {
    opened: openSession,
    received(bytes, length) {
      if (over) return true;
      chunkAt = now();
      return reader.feed(bytes, length);
    },
    drained: () => sender.drained(),
    closed(fault) {
      gone.resolve();
      finish(lost(fault));
    },
  };
  const wire: Wire = openWire(parts.spec, parts.material, wireHandler, { connectTimeoutMs: parts.connectTimeoutMs });

  return {
    get control() {
      return control;
    },
    write: (bytes) => over || wire.write(bytes),
    writtenThrough: () => over || wire.writtenThrough(),
    proceed() {
      if (!holding || over) return;
      holding = false;
      chunkAt = now();
      if (reader.resume()) wire.resume();
      else holding = true;
    },
    async close({ forget = false } = {}) {
      if (over) return;
      over = true;
      if (accepted) wire.write(disconnectPacket(version, forget));
      control?.dispose();
      wire.end();
      const patience = setTimeout(() => wire.destroy(), CLOSE_PATIENCE_MS);
      await gone.promise;
      clearTimeout(patience);
    },
    fail: finish,
  };
}

/** DISCONNECT; in MQTT 5 it can end the session by setting its expiry to 0 (MQTT5 3.14.2.2.2). */
function disconnectPacket(version: 4 | 5, forget: boolean): Buffer {
  return version === 5 && forget ? Buffer.of(0xe0, 7, 0, 5, 0x11, 0, 0, 0, 0) : Buffer.of(0xe0, 0);
}

function hostile(reasonCode: number, detail: string): SessionFault {
  const { name } = reasonOf(reasonCode);
  const message = `The broker sent what MQTT does not allow (${detail}); the connection was closed. See the log of the broker.`;
  return { reason: name, message, reasonCode, verdict: 'retry' };
}

function disconnected(code: number): SessionFault {
  return {
    reason: reasonOf(code).name,
    message: sentenceOf(code),
    reasonCode: code,
    verdict: verdictOf('disconnect', code),
  };
}

function refused(code: number): SessionFault {
  return {
    reason: reasonOf(code).name,
    message: sentenceOf(code),
    reasonCode: code,
    verdict: verdictOf('connack', code),
  };
}

function failed(reason: string, detail: string, spec: ConnectionSpec): SessionFault {
  const message = `${spec.side}BrokerConnection ${spec.host}:${spec.port}: ${detail}.`;
  return { reason, message, verdict: 'retry' };
}

function lost(fault: WireFault | undefined): SessionFault {
  if (!fault) return { reason: 'ConnectionClosed', message: 'The connection was closed.', verdict: 'retry' };
  return { reason: fault.reason, message: fault.message, verdict: SLOW.has(fault.reason) ? 'slow' : 'retry' };
}

/** Faults that somebody has to mend: knocking often would not help. */
const SLOW: ReadonlySet<string> = new Set([
  'TlsVerifyFailed',
  'TlsNameMismatch',
  'TlsExpired',
  'TlsClientCertificateRejected',
  'TlsVersionRefused',
  'TlsMaterialInvalid',
]);
