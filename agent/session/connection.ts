import type { Breather } from '../forward/breather.ts';
import { FrameReader, type FrameHandler } from '../forward/frame-reader.ts';
import type { Receiver } from '../forward/receiver.ts';
import type { Sender } from '../forward/sender.ts';
import type { ConnectionMaterial, Credentials } from './credentials/credentials.ts';
import type { ConnectionSpec } from './credentials/spec.ts';
import {
  disconnectedFault,
  hostileFault,
  reauthenticationFault,
  refusedFault,
  unresponsiveFault,
  wireFault,
} from './faults.ts';
import type { SessionFault } from './machine.ts';
import { type Connack, type Control, type ControlOptions, openControl } from './mqtt-client.ts';
import { keepAuthenticated, type Reauthentication } from './reauthentication.ts';
import { ReasonCode } from './reason-code.ts';
import { openWire } from './wire/open-wire.ts';
import type { Wire } from './wire/wire.ts';

/** What one connection is made of. */
export interface ConnectionParts {
  readonly spec: ConnectionSpec;
  readonly material: ConnectionMaterial;
  readonly credentials: Pick<Credentials, 'follow'>;
  readonly control: ControlOptions;
  readonly connectTimeoutMs: number;
  readonly receiver: Pick<Receiver, 'publish' | 'pubrel' | 'fault'>;
  readonly sender: Pick<Sender, 'puback' | 'pubrec' | 'pubcomp' | 'drained'>;
  readonly breather: Pick<Breather, 'count'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly up: (connack: Connack) => void;
  /** The broker accepted a new token on this connection. */
  readonly renewed: () => void;
  /** Once, when the connection ends without `close` having been called. */
  readonly down: (fault: SessionFault) => void;
}

/** Control packet types that a broker may send (MQTT5 2.1.2). */
const Type = {
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  suback: 9,
  unsuback: 11,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;

/** DISCONNECT reasons of a broker that does not take AUTH, or not this one (MQTT5 3.14.2.1). */
const REFUSING: ReadonlySet<number> = new Set([0x80, 0x82, 0x83, 0x86, 0x87, 0x8c]);

const PINGRESP = Buffer.of(0xd0, 0);
/** How long a broker may take to close after DISCONNECT. */
const CLOSE_PATIENCE_MS = 1_000;

/**
 * One MQTT connection, from opening the wire to its end; it is never opened again. PUBLISH and its acknowledgements go
 * to receiver and sender, all other packets to the control channel.
 */
export class Connection implements FrameHandler {
  readonly #parts: ConnectionParts;
  readonly #wire: Wire;
  readonly #reader: FrameReader;
  readonly #gone = Promise.withResolvers<void>();
  #control: Control | undefined;
  /** CONNACK said yes. */
  #accepted = false;
  /** The receiver asked to wait until a target has room. */
  #holding = false;
  #over = false;
  #reauthentication: Reauthentication | undefined;
  /** Packets of the chunk being read, and when it came. */
  #frames = 0;
  #chunkAt = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#reader = new FrameReader(this, parts.control.maximumPacketSize);
    this.#wire = openWire(
      parts.spec,
      parts.material,
      {
        opened: () => this.#opened(),
        received: (bytes, length) => this.#received(bytes, length),
        drained: () => parts.sender.drained(),
        closed: (fault) => {
          this.#gone.resolve();
          this.fail(wireFault(fault));
        },
      },
      { connectTimeoutMs: parts.connectTimeoutMs },
    );
  }

  /** Present from the moment the wire is open. */
  get control(): Control | undefined {
    return this.#control;
  }

  write(bytes: Buffer): boolean {
    return this.#over || this.#wire.write(bytes);
  }

  writtenThrough(): boolean {
    return this.#over || this.#wire.writtenThrough();
  }

  /** Reads on after the receiver asked to hold. */
  proceed(): void {
    if (!this.#holding || this.#over) return;
    this.#holding = false;
    this.#chunkAt = this.#parts.now();
    this.#resume();
  }

  /** Says DISCONNECT and closes; resolves when the wire is gone. `forget` asks the broker to end the session too. */
  async close(forget: boolean): Promise<void> {
    if (this.#over) return;
    if (this.#accepted) this.#wire.write(disconnectPacket(this.#parts.control.version, forget));
    this.#end();
    this.#wire.end();
    const patience = setTimeout(() => this.#wire.destroy(), CLOSE_PATIENCE_MS);
    await this.#gone.promise;
    clearTimeout(patience);
  }

  /** Drops the connection without a word and reports the fault. */
  fail(fault: SessionFault): void {
    if (this.#over) return;
    this.#end();
    this.#wire.destroy();
    this.#parts.down(fault);
  }

  /** Says DISCONNECT and reports the fault. */
  leave(fault: SessionFault): void {
    if (this.#over) return;
    this.#wire.write(disconnectPacket(this.#parts.control.version, false));
    this.#end();
    this.#wire.end();
    this.#parts.down(fault);
  }

  frame(bytes: Buffer, start: number, body: number, end: number): boolean {
    if (this.#over) return true;
    const type = bytes[start] >> 4;
    this.#frames++;
    if (this.#accepted) {
      if (type === Type.publish) return this.#publish(bytes, start, body, end);
      if (type >= Type.puback && type <= Type.pubcomp) return this.#acknowledgement(type, bytes, body, end);
    }
    return this.#controlPacket(type, bytes.subarray(start, end), body - start);
  }

  /** Closes a connection whose broker broke the protocol, with the reason where the version allows to say it. */
  malformed(reasonCode: number, detail: string): void {
    if (this.#over) return;
    if (this.#parts.control.version === 5) this.#wire.write(Buffer.of(0xe0, 2, reasonCode, 0));
    this.#end();
    this.#wire.end();
    this.#parts.down(hostileFault(reasonCode, detail));
  }

  #end(): void {
    this.#over = true;
    this.#reauthentication?.end();
    this.#control?.dispose();
  }

  #opened(): void {
    const { control, up, spec } = this.#parts;
    this.#control = openControl(control, {
      write: (bytes) => this.#writeControl(bytes),
      connected: (connack) => {
        this.#accepted = true;
        up(connack);
        this.#keepAuthenticated();
        this.#resume();
      },
      refused: (code) => this.fail(refusedFault(code)),
      failed: (reason, detail) => this.fail(unresponsiveFault(reason, detail, spec)),
    });
  }

  #keepAuthenticated(): void {
    const { credentials, connectTimeoutMs, renewed } = this.#parts;
    const used = this.#parts.control.enhanced;
    if (this.#over || used === undefined || this.#control === undefined) return;
    this.#reauthentication = keepAuthenticated({
      credentials,
      used,
      control: this.#control,
      timeoutMs: connectTimeoutMs,
      excused: () => this.#holding,
      renewed,
      failed: (detail) => this.leave(reauthenticationFault(detail)),
    });
  }

  /** MQTT5 4.12.1: DISCONNECT is how a broker refuses to authenticate again; no message is to blame for it. */
  #disconnected(reasonCode: number): SessionFault {
    const fault = disconnectedFault(reasonCode);
    const refused = this.#reauthentication?.pending && REFUSING.has(reasonCode);
    return refused ? reauthenticationFault(fault.reason) : fault;
  }

  #writeControl(bytes: Buffer): void {
    this.#wire.write(bytes);
    // While reading is held on purpose the broker's answer waits behind its messages: the silence is ours.
    if (this.#holding && bytes.length === 2 && bytes[0] === 0xc0) this.#control?.read(PINGRESP);
  }

  #received(bytes: Buffer, length: number): boolean {
    if (this.#over) return true;
    this.#chunkAt = this.#parts.now();
    this.#frames = 0;
    const open = this.#reader.feed(bytes, length);
    this.#parts.breather.count(this.#frames);
    return open;
  }

  #resume(): void {
    if (!this.#over && this.#reader.resume()) this.#wire.resume();
  }

  #publish(bytes: Buffer, start: number, body: number, end: number): boolean {
    const { receiver } = this.#parts;
    const result = receiver.publish(bytes, start, body, end, this.#chunkAt);
    if (result > 0) this.malformed(result, receiver.fault);
    this.#holding = result < 0;
    return !this.#holding;
  }

  #acknowledgement(type: number, bytes: Buffer, body: number, end: number): boolean {
    const { sender, receiver, control } = this.#parts;
    const length = end - body;
    const id = length < 2 ? 0 : (bytes[body] << 8) | bytes[body + 1];
    if (id === 0 || (length > 2 && control.version === 4)) {
      this.malformed(ReasonCode.malformedPacket, 'an acknowledgement of the wrong form');
      return true;
    }
    const reasonCode = length > 2 ? bytes[body + 2] : ReasonCode.success;
    if (type === Type.puback) sender.puback(id, reasonCode);
    else if (type === Type.pubrec) sender.pubrec(id, reasonCode);
    else if (type === Type.pubcomp) sender.pubcomp(id);
    else receiver.pubrel(id);
    return true;
  }

  #controlPacket(type: number, frame: Buffer, body: number): boolean {
    switch (type) {
      case Type.connack:
        // MQTT5 3.2: a second CONNACK is a protocol error.
        if (this.#accepted) this.malformed(ReasonCode.protocolError, 'a second CONNACK');
        else this.#control?.read(frame);
        // What follows CONNACK must wait until this side knows its limits and whether the session is the old one.
        return this.#accepted;
      case Type.suback:
      case Type.unsuback:
      case Type.pingresp:
      case Type.auth:
        this.#control?.read(frame);
        return true;
      case Type.disconnect:
        this.fail(this.#disconnected(frame.length > body ? frame[body] : ReasonCode.success));
        return true;
      default:
        this.malformed(ReasonCode.protocolError, `a packet of type ${type} from a broker`);
        return true;
    }
  }
}

/** DISCONNECT; in MQTT 5 it can end the session by setting its expiry to 0 (MQTT5 3.14.2.2.2). */
function disconnectPacket(version: 4 | 5, forget: boolean): Buffer {
  return version === 5 && forget ? Buffer.of(0xe0, 7, 0, 5, 0x11, 0, 0, 0, 0) : Buffer.of(0xe0, 0);
}
