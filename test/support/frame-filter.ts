import { type Frame, frameSize, toFrame } from './frames.ts';

/** Passes a byte stream on in pieces, leaving out the whole MQTT packets that `drop` names. */
export type FrameFilter = (chunk: Buffer, drop: ((frame: Frame) => boolean) | undefined) => Buffer[];

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Keeps to packet boundaries from the stream's first byte on, so that a rule may come at any time:
 * without one nothing is held back, with one a packet waits until it is complete. What is no MQTT passes untouched.
 */
export function createFrameFilter(): FrameFilter {
  /** The beginning of a packet that waits for its rest. */
  let held = NOTHING;
  /** The beginning of a header that went on before it told the packet's size. */
  let sent = NOTHING;
  /** Bytes of a packet that began to go on and must go on to its end. */
  let passing = 0;

  return (chunk, drop) => {
    const before = sent.length;
    const data = before + held.length > 0 ? Buffer.concat([sent, held, chunk]) : chunk;
    held = NOTHING;
    sent = NOTHING;
    const out: Buffer[] = [];
    let kept = before;
    let offset = Math.min(passing, data.length);
    passing -= offset;
    while (offset < data.length) {
      const size = frameSize(data, offset);
      const end = offset + (size?.total ?? Number.POSITIVE_INFINITY);
      // A packet whose header went on already is no longer ours to decide about, nor is what cannot be MQTT.
      const ours = drop !== undefined && !(offset === 0 && before > 0) && !Number.isNaN(end);
      if (ours && end > data.length) {
        held = data.subarray(offset);
        break;
      }
      if (ours && drop(toFrame(data.subarray(offset, end)))) {
        out.push(data.subarray(kept, offset));
        kept = end;
      }
      if (!size) sent = data.subarray(offset);
      else if (!(end <= data.length)) passing = Number.isNaN(end) ? Number.POSITIVE_INFINITY : end - data.length;
      offset = size && end <= data.length ? end : data.length;
    }
    out.push(data.subarray(kept, data.length - held.length));
    return out.filter((piece) => piece.length > 0);
  };
}
