import { Buffer } from 'node:buffer';
import { encodePublish, type MessageShape } from './frames.ts';
import { type Flow, probeSequence } from './flow.ts';
import type { Wire } from './wire.ts';

const firstRetryMs = 2;
const retryMs = 200;

/**
 * Sends a QoS 0 probe per topic until each has come through, and resolves with the time of the first (ms of the epoch).
 * QoS 0 because a probe for which no bridge is there yet must vanish. Rejects after `deadlineMs`.
 */
export function probe(flow: Flow, wire: Wire, shape: MessageShape, topics: readonly string[], deadlineMs: number) {
  const frames = topics.map((topic, index) => encodeProbe(shape, topic, index));
  const missing = new Set(topics.keys());
  let firstAt = 0;
  let timer: NodeJS.Timeout;
  return new Promise<number>((resolve, reject) => {
    const deadline = setTimeout(() => {
      clearTimeout(timer);
      reject(new Error(`no message came across on ${missing.size} of ${topics.length} routes in ${deadlineMs} ms`));
    }, deadlineMs);
    const send = () => {
      const wanted = firstAt === 0 ? [0] : [...missing];
      wire.write(Buffer.concat(wanted.map((index) => frames[index])));
      timer = setTimeout(send, firstAt === 0 ? firstRetryMs : retryMs);
    };
    flow.onProbe((topic) => {
      missing.delete(topic);
      const first = firstAt === 0;
      if (first) firstAt = performance.timeOrigin + performance.now();
      if (missing.size > 0 && !first) return;
      clearTimeout(timer);
      if (missing.size > 0) return send();
      clearTimeout(deadline);
      resolve(firstAt);
    });
    send();
  });
}

function encodeProbe(shape: MessageShape, topic: string, index: number): Buffer {
  const payload = Buffer.alloc(Math.max(shape.payloadBytes, 12));
  payload.writeUInt32BE(probeSequence, 0);
  payload.writeUInt32BE(index, 4);
  return encodePublish({ ...shape, qos: 0 }, topic, payload);
}
