import { decodePublish, encodeAck, type IncomingPublish, type Version } from '../../../../support/codec.ts';
import { createFrameSplitter, type Frame, packetId } from '../../../../support/frames.ts';
import { PROPERTY } from '../../../../support/properties.ts';
import type { TargetLimits } from '../../../../../agent/forward/window.ts';
import { keyOf, type ModelMessage } from './message.ts';

/** A PUBLISH of this connection without its last answer. */
interface Outstanding {
  readonly id: number;
  readonly qos: 1 | 2;
  readonly message: ModelMessage;
  /** QoS 2: a PUBREC was sent, PUBREL has to come. */
  recorded: boolean;
}

/** What the model of a target broker tells the test. */
export interface TargetRules {
  readonly version: Version;
  find(key: number): ModelMessage;
  /** A message was seen at this broker for the first time or again. */
  arrived(message: ModelMessage, publish: IncomingPublish): void;
}

/** What the target does with an outstanding message. */
export type TargetAnswer = 'accept' | 'transient' | 'permanent';

/** A target broker in memory: it checks its limits and packet identifiers, and answers when and in what order it is told. */
export class TargetBroker {
  readonly #rules: TargetRules;
  #limits: TargetLimits;
  #split = createFrameSplitter();
  #unread: Frame[] = [];
  #outstanding: Outstanding[] = [];
  /** QoS 2 messages of the session whose identifier is not released. */
  readonly #kept = new Map<number, ModelMessage>();
  /** Those of them that were stored on an earlier connection: a repeat is no second message. */
  readonly #alreadyStored = new Set<number>();
  #releases: number[] = [];

  constructor(rules: TargetRules, limits: TargetLimits) {
    this.#rules = rules;
    this.#limits = limits;
  }

  /** Messages and releases that wait for an answer, or frames nobody has looked at. */
  get busy(): boolean {
    return this.#unread.length + this.#outstanding.length + this.#releases.length > 0;
  }

  connect(limits: TargetLimits, present: boolean): void {
    this.#limits = limits;
    if (present) return;
    this.#kept.clear();
    this.#alreadyStored.clear();
  }

  /** @param stored whether the broker kept what it had read but not answered. */
  cut(stored: boolean): void {
    for (const { id, qos, message, recorded } of this.#outstanding) {
      if (recorded || this.#alreadyStored.has(id)) continue;
      if (stored) message.delivered++;
      else if (qos === 2) this.#kept.delete(id);
    }
    this.#split = createFrameSplitter();
    this.#unread = [];
    this.#outstanding = [];
    this.#releases = [];
  }

  receive(bytes: Buffer): void {
    this.#unread.push(...this.#split(bytes));
  }

  /** Looks at some of the frames that came. */
  read(most: number): void {
    for (const frame of this.#unread.splice(0, most)) {
      if (frame.command === 'publish') this.#publish(frame);
      else if (frame.command === 'pubrel') this.#pubrel(packetId(frame));
      else throw new Error(`the target got ${frame.command}`);
    }
  }

  /** Answers one outstanding message; returns the bytes, and which message was refused. */
  answer(choice: number, answer: TargetAnswer): Buffer | undefined {
    const open = this.#outstanding.filter(({ recorded }) => !recorded);
    const total = open.length + this.#releases.length;
    if (total === 0) return undefined;
    const at = choice % total;
    if (at >= open.length) return this.#complete(at - open.length);
    const one = open[at];
    const { id, qos, message } = one;
    if (answer !== 'accept' && !this.#alreadyStored.has(id) && this.#rules.version === 5) {
      this.#forget(one);
      this.#kept.delete(id);
      if (answer === 'permanent') message.refused = true;
      return Buffer.of(qos === 1 ? 0x40 : 0x50, 3, id >> 8, id & 0xff, answer === 'permanent' ? 0x99 : 0x97);
    }
    message.accepted = true;
    if (qos === 1) {
      message.delivered++;
      this.#forget(one);
      return encodeAck('puback', id);
    }
    one.recorded = true;
    if (!this.#alreadyStored.delete(id)) message.delivered++;
    return encodeAck('pubrec', id);
  }

  #complete(at: number): Buffer {
    const [id] = this.#releases.splice(at, 1);
    this.#kept.delete(id);
    this.#outstanding = this.#outstanding.filter((other) => other.id !== id);
    return encodeAck('pubcomp', id);
  }

  #forget(one: Outstanding): void {
    this.#outstanding = this.#outstanding.filter((other) => other !== one);
  }

  #publish(frame: Frame): void {
    const publish = decodePublish(this.#rules.version, frame);
    const { maximumPacketSize, maximumQos, retainAvailable, receiveMaximum } = this.#limits;
    const { qos, packetId: id } = publish;
    if (frame.bytes.length > maximumPacketSize) throw new Error(`${frame.bytes.length} bytes of ${maximumPacketSize}`);
    if (qos > maximumQos) throw new Error(`QoS ${qos} of ${maximumQos}`);
    if (publish.retain && !retainAvailable) throw new Error('retain is not available');
    const message = this.#rules.find(keyOf(publish.payload));
    this.#checkExpiry(publish, message);
    this.#rules.arrived(message, publish);
    if (qos === 0) {
      message.delivered++;
      return;
    }
    if (id === 0) throw new Error('packet identifier 0');
    if (this.#outstanding.length >= receiveMaximum) throw new Error(`receive maximum ${receiveMaximum} exceeded`);
    if (this.#outstanding.some((other) => other.id === id)) throw new Error(`identifier ${id} is in use`);
    if (qos === 2) this.#checkKept(id, message, publish.dup);
    this.#outstanding.push({ id, qos, message, recorded: false });
  }

  /** An identifier the session still holds may only bring the same message again (MQTT5 4.3.3). */
  #checkKept(id: number, message: ModelMessage, dup: boolean): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) {
      this.#kept.set(id, message);
      return;
    }
    if (kept !== message) throw new Error(`message ${message.key} would be taken for ${kept.key}, both under ${id}`);
    if (!dup) throw new Error(`message ${message.key} came again without DUP`);
    this.#alreadyStored.add(id);
  }

  #checkExpiry(publish: IncomingPublish, message: ModelMessage): void {
    const found = publish.properties.find(([id]) => id === PROPERTY.messageExpiryInterval)?.[1];
    if (this.#rules.version === 4) return;
    if ((found === undefined) !== (message.expiry === undefined)) throw new Error('expiry came or went');
    if (found !== undefined && Number(found) > Number(message.expiry)) throw new Error('expiry grew');
  }

  #pubrel(id: number): void {
    if (!this.#releases.includes(id)) this.#releases.push(id);
  }
}
