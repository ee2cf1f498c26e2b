import { snapshotCounters } from '../../../../../agent/forward/counters.ts';
import { handleRefused } from '../../../../../agent/forward/dead-letter.ts';
import { FrameReader } from '../../../../../agent/forward/frame-reader.ts';
import type { Lane } from '../../../../../agent/forward/lane.ts';
import { Receiver } from '../../../../../agent/forward/receiver.ts';
import { Sender } from '../../../../../agent/forward/sender.ts';
import { NO_LIMITS, type TargetLimits, type Window } from '../../../../../agent/forward/window.ts';
import type { PublishLimit } from '../../../../../shared/remote-profile.ts';
import { decodePublish, type IncomingPublish, type Version } from '../../../../support/codec.ts';
import type { Frame } from '../../../../support/frames.ts';
import { checkRate, createTestPacing, type TestPacing } from '../pacing-rig.ts';
import { createCountingPool, createFakeSocket, createManualTurn, type FakeSocket, laneTo } from '../rig.ts';
import { keyOf, type ModelMessage } from './message.ts';
import { SourceBroker } from './source-broker.ts';
import { TargetBroker, type TargetAnswer } from './target-broker.ts';

/** How a world is set up. */
export interface WorldOptions {
  readonly version: Version;
  readonly qos: 0 | 1 | 2;
  readonly onReject: 'drop' | 'deadLetter' | 'block';
  readonly window: Window;
  /** Publish rate of the target, when it limits it. */
  readonly publish?: PublishLimit | undefined;
}

/** What is published at the source. */
export type Publish = Pick<ModelMessage, 'topic' | 'qos' | 'retain' | 'padding' | 'expiry'>;

/** Headers, topic and key of a model message take less than this. */
const HEADER_BYTES = 40;

/** A receiver and a sender between two brokers of memory; what must always hold is checked as it happens. */
export class World {
  readonly messages: ModelMessage[] = [];
  readonly pool = createCountingPool();
  readonly receiver: Receiver;
  readonly target: Sender;
  readonly deadLetters: Sender;
  readonly lane: Lane;
  readonly source: SourceBroker;
  readonly broker: TargetBroker;
  readonly targetSocket: FakeSocket = createFakeSocket();
  readonly #sourceSocket: FakeSocket = createFakeSocket();
  readonly #turn = createManualTurn();
  readonly #options: WorldOptions;
  readonly #firstSeen = new Map<string, number>();
  #reader: FrameReader | undefined;
  #holding = false;
  #toBridge = Buffer.alloc(0);
  readonly #clock = { now: 1_000_000 };
  readonly #pacing: TestPacing | undefined;
  #retries: (() => void)[] = [];
  #unburied: { readonly id: number; readonly message: ModelMessage }[] = [];
  #targetUp = false;
  #smallestPacket = NO_LIMITS.maximumPacketSize;
  #blamed = false;
  #mayMisorder = false;
  /** Messages may have left at QoS 0, for which there is no answer. */
  #atMostOnce: boolean;
  #exactlyOnce: boolean;

  constructor(options: WorldOptions) {
    const { version } = options;
    this.#options = options;
    this.#exactlyOnce = options.qos === 2;
    this.#atMostOnce = options.qos === 0;
    this.#pacing = options.publish && createTestPacing(this.#clock, options.publish);
    this.target = this.#sender(this.targetSocket, options.window, this.#pacing);
    this.deadLetters = this.#sender(this.#sourceSocket, { messages: 5, bytes: 1000 });
    this.lane = laneTo(this.target, this.deadLetters, { qos: options.qos, onReject: options.onReject });
    this.receiver = new Receiver({
      outlet: this.#sourceSocket,
      turn: this.#turn,
      version,
      topicAliasMaximum: 0,
      proceed: () => this.#proceed(),
    });
    this.receiver.setLanes([this.lane]);
    this.source = new SourceBroker({
      version,
      receiveMaximum: 12,
      mayAcknowledge: (message) => this.#mayAcknowledge(message),
      published: (frame) => this.#buried(frame),
    });
    const find = (key: number) => this.messages[key];
    const arrived = (message: ModelMessage, publish: IncomingPublish) => this.#arrived(message, publish);
    this.broker = new TargetBroker({ version, find, arrived }, NO_LIMITS);
  }

  publish(publish: Publish): void {
    const fresh = { delivered: 0, accepted: false, refused: false, buried: false };
    const rest = { forgotten: false, acknowledged: false };
    const message = { ...publish, ...fresh, ...rest, key: this.messages.length, bornAt: this.#clock.now };
    this.messages.push(message);
    if (this.source.connected || message.qos > 0) this.source.publish(message);
    else message.forgotten = true;
  }

  sourceUp(present: boolean): void {
    if (this.source.connected) return;
    this.#toBridge = Buffer.alloc(0);
    this.#reader = this.#openReader();
    this.receiver.begin(present);
    this.deadLetters.begin(NO_LIMITS, present);
    this.source.connect(present);
  }

  sourceCut(): void {
    if (!this.source.connected) return;
    this.#sourceSocket.cut();
    this.source.cut();
    this.#unburied = [];
    this.#reader = undefined;
    this.#holding = false;
    this.receiver.end();
    this.deadLetters.end();
  }

  /** Moves bytes from the source towards the bridge. */
  deliver(most: number): void {
    if (!this.#reader || this.#holding) return;
    this.#toBridge = Buffer.concat([this.#toBridge, this.source.take()]);
    // As the wire does it: one read buffer that is overwritten afterwards.
    const chunk = Buffer.from(this.#toBridge.subarray(0, most));
    this.#toBridge = this.#toBridge.subarray(chunk.length);
    this.#reader.feed(chunk, chunk.length);
    chunk.fill(0xff);
  }

  sourceReads(): void {
    if (this.source.connected) this.source.read(this.#sourceSocket.read());
  }

  /** The source broker answers a dead letter. */
  bury(reasonCode: number): void {
    const letter = this.#unburied.shift();
    if (!letter) return;
    letter.message.buried = true;
    this.deadLetters.puback(letter.id, this.#options.version === 5 ? reasonCode : 0);
  }

  targetUp(limits: TargetLimits, present: boolean): void {
    if (this.#targetUp) return;
    this.#targetUp = true;
    this.#smallestPacket = Math.min(this.#smallestPacket, limits.maximumPacketSize);
    if (this.#options.onReject === 'block' && this.#smallestPacket < 1000) {
      // What became too large for its identifier waits for larger times and then goes as a new message.
      this.#mayMisorder = true;
      this.#exactlyOnce = false;
    }
    if (limits.maximumQos === 0) this.#atMostOnce = true;
    if (limits.maximumQos < 2 || (!present && this.messages.length > 0)) this.#exactlyOnce = false;
    this.broker.connect(limits, present);
    this.target.begin(limits, present);
  }

  targetCut(stored: boolean, blame: boolean): void {
    if (!this.#targetUp) return;
    this.#targetUp = false;
    this.targetSocket.cut();
    this.broker.cut(stored);
    if (blame) {
      this.#blamed = true;
      if (this.#options.onReject === 'block') this.#mayMisorder = true;
      this.target.blame('payload_refused');
    }
    this.target.end();
  }

  targetReads(frames: number): void {
    this.broker.receive(this.targetSocket.read());
    this.broker.read(frames);
  }

  /** @param lost the connection breaks before the answer comes. */
  targetAnswers(choice: number, answer: TargetAnswer, lost: boolean): void {
    const bytes = this.broker.answer(choice, answer);
    if (!bytes) return;
    if (lost) return this.targetCut(true, false);
    if (answer === 'transient' || (answer === 'permanent' && this.#options.onReject === 'block'))
      this.#mayMisorder = true;
    const id = bytes.readUInt16BE(2);
    const code = bytes.length > 4 ? bytes[4] : 0;
    if (bytes[0] === 0x40) this.target.puback(id, code);
    else if (bytes[0] === 0x50) this.target.pubrec(id, code);
    else this.target.pubcomp(id);
  }

  targetDrains(): void {
    this.targetSocket.drain();
    if (this.#targetUp) this.target.drained();
  }

  retry(): void {
    const due = this.#retries;
    this.#retries = [];
    for (const run of due) run();
  }

  pass(milliseconds: number): void {
    if (this.#pacing) this.#pacing.pass(milliseconds);
    else this.#clock.now += milliseconds;
  }

  endTurn(): void {
    this.#turn.end();
  }

  /** Lets everything that is under way come to its end. */
  settle(): void {
    this.targetCut(true, false);
    for (let round = 0; round < 500 && !this.#quiet(); round++) {
      this.sourceUp(true);
      this.targetUp(NO_LIMITS, true);
      this.targetDrains();
      this.deliver(100_000);
      if (this.#pacing) this.pass(1000);
      this.endTurn();
      this.targetReads(1000);
      this.targetAnswers(0, 'accept', false);
      this.bury(0);
      this.retry();
      this.endTurn();
      this.sourceReads();
      this.check();
    }
    if (!this.#quiet()) throw new Error('it does not come to rest');
    if (this.#pacing && this.#options.publish) checkRate(this.#pacing.spent, this.#options.publish);
  }

  /** What must hold between any two steps. */
  check(): void {
    const { messages, bytes } = this.target.load.inflight;
    const { window } = this.#options;
    if (messages > window.messages) throw new Error(`${messages} in flight, window ${window.messages}`);
    if (bytes > window.bytes && messages > 1) throw new Error(`${bytes} bytes in flight, window ${window.bytes}`);
    const { inflight } = snapshotCounters(this.lane.counters);
    const pending = this.target.pending + this.deadLetters.pending;
    if (inflight !== pending) throw new Error(`the counters say ${inflight} in flight, there are ${pending}`);
    if (this.#exactlyOnce) {
      const twice = this.messages.find(({ qos, delivered }) => qos === 2 && delivered > 1);
      if (twice) throw new Error(`message ${twice.key} was delivered ${twice.delivered} times`);
    }
  }

  /** True when the message has been given up for a reason that is allowed. */
  mayBeLost(message: ModelMessage): boolean {
    const letGo = this.#options.onReject === 'drop' || (this.#options.onReject === 'deadLetter' && message.buried);
    const dropped = this.#mayBeDropped(message) && (letGo || this.#hasExpired(message));
    return this.#atMostOnce || dropped;
  }

  #hasExpired({ expiry, bornAt }: ModelMessage): boolean {
    return expiry !== undefined && this.#clock.now >= bornAt + expiry * 1000;
  }

  #mayBeDropped(message: ModelMessage): boolean {
    const tooLarge = message.padding + HEADER_BYTES > this.#smallestPacket;
    return message.refused || tooLarge || this.#blamed || this.#hasExpired(message);
  }

  #quiet(): boolean {
    const { target, deadLetters, receiver, source, broker } = this;
    const moving = target.pending + deadLetters.pending + receiver.unacknowledged + this.#retries.length;
    return moving === 0 && source.idle && !broker.busy && this.targetSocket.unwritten === 0;
  }

  #sender(outlet: FakeSocket, window: Window, pacing?: TestPacing): Sender {
    return new Sender({
      outlet,
      turn: this.#turn,
      pool: this.pool,
      version: this.#options.version,
      window,
      pacing,
      now: () => this.#clock.now,
      retryLater: (_attempts, retry) => void this.#retries.push(retry),
      refused: (transit, reason) => handleRefused(transit, reason, this.#options.version),
    });
  }

  #openReader(): FrameReader {
    return new FrameReader(
      {
        frame: (bytes, start, body, end) => {
          if (bytes[start] >> 4 === 6) {
            this.receiver.pubrel((bytes[body] << 8) | bytes[body + 1]);
            return true;
          }
          const verdict = this.receiver.publish(bytes, start, body, end, this.#clock.now);
          if (verdict > 0) throw new Error(`refused with ${verdict}: ${this.receiver.fault}`);
          this.#holding = verdict < 0;
          return verdict === 0;
        },
        malformed: (_code, detail) => {
          throw new Error(detail);
        },
      },
      100_000,
    );
  }

  #proceed(): void {
    if (!this.#holding) return;
    this.#holding = false;
    if (this.#reader && !this.#reader.resume()) this.#holding = true;
  }

  #mayAcknowledge(message: ModelMessage): void {
    if (message.accepted || message.delivered > 0 || this.mayBeLost(message)) return;
    throw new Error(`message ${message.key} was acknowledged before it got anywhere`);
  }

  #arrived(message: ModelMessage, publish: IncomingPublish): void {
    if (publish.topic !== message.topic) throw new Error(`message ${message.key} came on ${publish.topic}`);
    if (publish.payload.length !== message.padding + String(message.key).length + 1) throw new Error('payload changed');
    const line = `${message.qos} ${message.topic}`;
    const last = this.#firstSeen.get(line) ?? -1;
    if (message.key <= last) return this.#checkSeen(message);
    this.#firstSeen.set(line, message.key);
    this.#seen.add(message.key);
  }

  readonly #seen = new Set<number>();

  #checkSeen(message: ModelMessage): void {
    const { key } = message;
    // A dropped message whose acknowledgement was lost is offered again, later than it came first.
    const excused = this.#mayMisorder || this.#atMostOnce || this.#mayBeDropped(message);
    if (!this.#seen.has(key) && !excused) throw new Error(`message ${key} came for the first time, late`);
    this.#seen.add(key);
  }

  #buried(frame: Frame): void {
    const publish = decodePublish(this.#options.version, frame);
    const message = this.messages[keyOf(publish.payload)];
    if (publish.topic !== `dead/${message.topic}` || publish.qos !== 1)
      throw new Error(`a dead letter on ${publish.topic}`);
    this.#unburied.push({ id: publish.packetId, message });
  }
}
