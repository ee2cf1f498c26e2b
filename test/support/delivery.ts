import { hashPayload, makePayload, readPayload } from './payload.ts';

/** A message as its producer wrote it down; `sequence` counts all messages of that producer from 0. */
export interface SentMessage {
  readonly producer: string;
  readonly sequence: number;
  readonly topic: string;
  readonly hash: number;
}

/** A message as a consumer wrote it down; one that carries no number has `producer` '' and `sequence` -1. */
export type ReceivedMessage = SentMessage;

/** Numbers a producer's messages and writes them down. */
export interface ProducerLog {
  readonly producer: string;
  readonly sent: readonly SentMessage[];
  /** Writes the next message down and returns its payload of `size` bytes (128 unless told). */
  readonly next: (topic: string, size?: number) => Buffer;
}

/** Starts a producer's log; the name is of letters, digits, `_` and `-`. */
export function createProducerLog(producer: string): ProducerLog {
  const sent: SentMessage[] = [];
  return {
    producer,
    sent,
    next(topic, size) {
      const sequence = sent.length;
      const payload = makePayload(producer, sequence, size);
      sent.push({ producer, sequence, topic, hash: hashPayload(payload) });
      return payload;
    },
  };
}

/** Writes down what arrives, in order of arrival. */
export interface ConsumerLog {
  readonly received: readonly ReceivedMessage[];
  readonly record: (topic: string, payload: Buffer) => void;
  /** How many different messages (by producer, number and topic) arrived. */
  readonly distinct: () => number;
}

/** Starts a consumer's log. */
export function createConsumerLog(): ConsumerLog {
  const received: ReceivedMessage[] = [];
  const seen = new Map<string, Set<number>>();
  let distinct = 0;
  return {
    received,
    record(topic, payload) {
      const { producer, sequence } = readPayload(payload) ?? { producer: '', sequence: -1 };
      received.push({ producer, sequence, topic, hash: hashPayload(payload) });
      const numbers = entry(seen, streamKey(producer, topic), () => new Set<number>());
      if (!numbers.has(sequence)) distinct++;
      numbers.add(sequence);
    },
    distinct: () => distinct,
  };
}

/** What counts as right delivery. */
export interface DeliveryExpectation {
  /** On which topics a message sent on `topic` must arrive, once each; none = it must not. The same topic unless told. */
  readonly topics?: (topic: string) => readonly string[];
  /** Duplicates that are no fault: all (true), at most so many, or none (unless told). */
  readonly allowDuplicates?: boolean | number;
  /** Losses that are no fault, for QoS 0 and bounded queues; none unless told. */
  readonly allowLost?: boolean | number;
  /** Shared subscriptions know no order across their members; judged unless told. */
  readonly ignoreOrder?: boolean;
}

/** The verdict, with every offending message. */
export interface DeliveryReport {
  readonly ok: boolean;
  /** Messages that had to arrive, counted once per topic they had to arrive on. */
  readonly expected: number;
  readonly received: number;
  /** Expected and never received; with the topic they were expected on. */
  readonly lost: readonly SentMessage[];
  /** Second and further receipts. */
  readonly duplicates: readonly ReceivedMessage[];
  /** First receipts that came after a later message of the same producer on the same topic. */
  readonly misordered: readonly ReceivedMessage[];
  /** Expected messages whose payload was changed. */
  readonly corrupted: readonly ReceivedMessage[];
  /** Never sent, or arrived on a topic where they had not to. */
  readonly unexpected: readonly ReceivedMessage[];
  /** One paragraph for people. */
  readonly text: string;
}

interface Stream {
  readonly expected: Map<number, { message: SentMessage; seen: boolean }>;
  highest: number;
}

type Findings = Pick<DeliveryReport, 'duplicates' | 'misordered' | 'corrupted' | 'unexpected'>;

/** Compares what was sent with what was received; order is judged per producer and topic, by first receipts. */
export function checkDelivery(
  sent: readonly SentMessage[],
  received: readonly ReceivedMessage[],
  expectation: DeliveryExpectation = {},
): DeliveryReport {
  const streams = expect(sent, expectation.topics ?? ((topic) => [topic]));
  const findings = judge(streams, received);
  const lost: SentMessage[] = [];
  let expected = 0;
  for (const stream of streams.values()) {
    expected += stream.expected.size;
    for (const { message, seen } of stream.expected.values()) if (!seen) lost.push(message);
  }
  const { allowDuplicates = false, allowLost = false, ignoreOrder = false } = expectation;
  const ok =
    within(lost.length, allowLost) &&
    within(findings.duplicates.length, allowDuplicates) &&
    (ignoreOrder || findings.misordered.length === 0) &&
    findings.corrupted.length === 0 &&
    findings.unexpected.length === 0;
  const report = { ok, expected, received: received.length, lost, ...findings };
  return { ...report, text: describe(report) };
}

function expect(sent: readonly SentMessage[], topics: (topic: string) => readonly string[]): Map<string, Stream> {
  const streams = new Map<string, Stream>();
  const targets = new Map<string, readonly string[]>();
  for (const message of sent) {
    for (const topic of entry(targets, message.topic, () => topics(message.topic))) {
      const key = streamKey(message.producer, topic);
      const stream = entry(streams, key, () => ({ expected: new Map(), highest: -1 }));
      stream.expected.set(message.sequence, {
        message: topic === message.topic ? message : { ...message, topic },
        seen: false,
      });
    }
  }
  return streams;
}

function judge(streams: ReadonlyMap<string, Stream>, received: readonly ReceivedMessage[]): Findings {
  const duplicates: ReceivedMessage[] = [];
  const misordered: ReceivedMessage[] = [];
  const corrupted: ReceivedMessage[] = [];
  const unexpected: ReceivedMessage[] = [];
  for (const message of received) {
    const stream = streams.get(streamKey(message.producer, message.topic));
    const wanted = stream?.expected.get(message.sequence);
    if (!stream || !wanted) {
      unexpected.push(message);
      continue;
    }
    if (wanted.message.hash !== message.hash) corrupted.push(message);
    if (wanted.seen) {
      duplicates.push(message);
      continue;
    }
    wanted.seen = true;
    if (message.sequence < stream.highest) misordered.push(message);
    else stream.highest = message.sequence;
  }
  return { duplicates, misordered, corrupted, unexpected };
}

function within(count: number, allowed: boolean | number): boolean {
  return allowed === true || count <= Number(allowed);
}

function describe(report: Omit<DeliveryReport, 'text'>): string {
  const { ok, expected, received, lost, duplicates, misordered, corrupted, unexpected } = report;
  const lists = { lost, duplicates, misordered, corrupted, unexpected };
  const lines = Object.entries(lists).map(([name, messages]) => {
    const shown = messages.slice(0, 5).map(({ producer, sequence, topic }) => `${producer}:${sequence} on ${topic}`);
    const more = messages.length > shown.length ? ', ...' : '';
    return `  ${name.padEnd(10)} ${messages.length}${shown.length > 0 ? `  (${shown.join(', ')}${more})` : ''}`;
  });
  return [`delivery ${ok ? 'ok' : 'NOT ok'}: ${expected} expected, ${received} received`, ...lines].join('\n');
}

function streamKey(producer: string, topic: string): string {
  return `${producer} ${topic}`;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
