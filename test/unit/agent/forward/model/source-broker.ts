import { createFrameSplitter, type Frame, packetId } from '../../../../support/frames.ts';
import { encodeAck, encodePublish, type Version } from '../../../../support/codec.ts';
import { PROPERTY, type Property } from '../../../../support/properties.ts';
import { payloadOf, type ModelMessage } from './message.ts';

/** One unfinished delivery of the source broker. */
interface Delivery {
  readonly id: number;
  readonly message: ModelMessage;
  /** The number of the connection that carried it last. */
  sentOn: number;
  stage: 'published' | 'received' | 'released';
}

/** What the model of a source broker tells the test. */
export interface SourceRules {
  readonly version: Version;
  readonly receiveMaximum: number;
  /** Throws when this message must not be acknowledged yet. */
  mayAcknowledge(message: ModelMessage): void;
  /** A PUBLISH from the bridge: a dead letter. */
  published(frame: Frame): void;
}

/** A source broker in memory: it delivers within the window, repeats after a reconnect, and checks every acknowledgement. */
export class SourceBroker {
  readonly #rules: SourceRules;
  readonly #queue: ModelMessage[] = [];
  #deliveries: Delivery[] = [];
  #pubackOrder: number[] = [];
  #pubrecOrder: number[] = [];
  #lastId = 0;
  #connection = 0;
  #connected = false;
  #out: Buffer[] = [];
  #split = createFrameSplitter();

  constructor(rules: SourceRules) {
    this.#rules = rules;
  }

  get connected(): boolean {
    return this.#connected;
  }

  get idle(): boolean {
    return this.#queue.length === 0 && this.#deliveries.length === 0;
  }

  publish(message: ModelMessage): void {
    this.#queue.push(message);
    this.#deliver();
  }

  /** Bytes for the bridge since the last call. */
  take(): Buffer {
    const all = Buffer.concat(this.#out);
    this.#out = [];
    return all;
  }

  connect(present: boolean): void {
    this.#connected = true;
    this.#connection++;
    this.#split = createFrameSplitter();
    if (!present) {
      for (const { message } of this.#deliveries) message.forgotten = true;
      this.#deliveries = [];
    }
    for (const delivery of this.#deliveries) this.#send(delivery, true);
    this.#deliver();
  }

  cut(): void {
    this.#connected = false;
    this.#out = [];
    this.#pubackOrder = [];
    this.#pubrecOrder = [];
  }

  read(bytes: Buffer): void {
    for (const frame of this.#split(bytes)) {
      if (frame.command === 'publish') this.#rules.published(frame);
      else if (frame.command === 'puback') this.#puback(packetId(frame));
      else if (frame.command === 'pubrec') this.#pubrec(packetId(frame));
      else if (frame.command === 'pubcomp') this.#pubcomp(packetId(frame));
      else if (frame.command !== 'pubrel') throw new Error(`the source got ${frame.command}`);
    }
    this.#deliver();
  }

  /** A broker without receive maximum of its own answers at QoS 1. */
  answer(bytes: Buffer): void {
    this.#out.push(bytes);
  }

  #deliver(): void {
    while (this.#connected && this.#queue.length > 0) {
      const [message] = this.#queue;
      if (message.qos > 0 && this.#deliveries.length >= this.#rules.receiveMaximum) return;
      this.#queue.shift();
      if (message.qos === 0) {
        this.#out.push(this.#encode(message, 0, false));
        continue;
      }
      const delivery: Delivery = { id: this.#freeId(), message, sentOn: 0, stage: 'published' };
      this.#deliveries.push(delivery);
      this.#send(delivery, false);
    }
  }

  #send(delivery: Delivery, dup: boolean): void {
    delivery.sentOn = this.#connection;
    const { id, message, stage } = delivery;
    if (stage !== 'published') {
      delivery.stage = 'released';
      this.#out.push(encodeAck('pubrel', id));
      return;
    }
    (message.qos === 1 ? this.#pubackOrder : this.#pubrecOrder).push(id);
    this.#out.push(this.#encode(message, id, dup));
  }

  #encode(message: ModelMessage, id: number, dup: boolean): Buffer {
    const { topic, qos, retain, expiry } = message;
    const properties: Property[] = expiry === undefined ? [] : [[PROPERTY.messageExpiryInterval, expiry]];
    const out = { topic, qos, retain, dup, payload: payloadOf(message), properties };
    return encodePublish(this.#rules.version, out, id);
  }

  #freeId(): number {
    // Few identifiers, so that they are used again soon: that is where mistakes show.
    do this.#lastId = (this.#lastId % (this.#rules.receiveMaximum + 2)) + 1;
    while (this.#deliveries.some(({ id }) => id === this.#lastId));
    return this.#lastId;
  }

  #puback(id: number): void {
    const delivery = this.#expected(this.#pubackOrder, id, 'PUBACK');
    this.#deliveries = this.#deliveries.filter((other) => other !== delivery);
    delivery.message.acknowledged = true;
  }

  #pubrec(id: number): void {
    const delivery = this.#expected(this.#pubrecOrder, id, 'PUBREC');
    delivery.message.acknowledged = true;
    delivery.stage = 'released';
    this.#out.push(encodeAck('pubrel', id));
  }

  #pubcomp(id: number): void {
    const delivery = this.#deliveries.find((other) => other.id === id && other.stage === 'released');
    if (!delivery) throw new Error(`PUBCOMP ${id} for nothing`);
    this.#deliveries = this.#deliveries.filter((other) => other !== delivery);
  }

  #expected(order: number[], id: number, packet: string): Delivery {
    const first = order.shift();
    if (first !== id) throw new Error(`${packet} ${id} out of turn, expected ${first}`);
    const delivery = this.#deliveries.find((other) => other.id === id && other.stage === 'published');
    if (!delivery || delivery.sentOn !== this.#connection) throw new Error(`${packet} ${id} for nothing sent here`);
    this.#rules.mayAcknowledge(delivery.message);
    return delivery;
  }
}
