import { type Frame, frameSize, toFrame } from './frames.ts';

/** Passes a byte stream on in pieces, leaving out the whole MQTT packets that `drop` names. */
export type FrameFilter = (chunk: Buffer, drop: ((frame: Frame) => boolean) | undefined) => Buffer[];

/**
 * Keeps to packet boundaries from the stream's first byte on, so that a rule may come at any time:
 * without one nothing is held back, with one a packet waits until it is complete. What is no MQTT passes untouched.
 */
export function createFrameFilter(): FrameFilter {
  let held: Buffer = Buffer.alloc(0);
  let headSent: Buffer = Buffer.alloc(0);
  let passing = 0;

  /** Lets `size` bytes of the packet that starts here go without a decision, what is not here yet included. */
  function pass(data: Buffer, from: number, size: number): Buffer {
    const piece = data.subarray(from, from + size);
    passing = Number.isNaN(size) ? Number.POSITIVE_INFINITY : size - piece.length;
    return Number.isNaN(size) ? data.subarray(from) : piece;
  }

  return (chunk, drop) => {
    const out: Buffer[] = [];
    const data = headSent.length + held.length > 0 ? Buffer.concat([headSent, held, chunk]) : chunk;
    let offset = 0;
    // Bytes of a header that went on before they told the packet's size must not go twice.
    const sent = headSent.length;
    held = Buffer.alloc(0);
    headSent = Buffer.alloc(0);
    if (passing > 0) {
      out.push(pass(data, 0, passing));
      offset = out[0].length;
    }
    while (offset < data.length) {
      const size = frameSize(data, offset);
      const undecided = offset === 0 && sent > 0;
      if (!size) {
        if (drop && !undecided) held = data.subarray(offset);
        else {
          headSent = data.subarray(offset);
          out.push(headSent.subarray(undecided ? sent : 0));
        }
        break;
      }
      const complete = offset + size.total <= data.length;
      if (drop && !undecided && !complete && !Number.isNaN(size.total)) {
        held = data.subarray(offset);
        break;
      }
      const dropped = drop && !undecided && complete && drop(toFrame(data.subarray(offset, offset + size.total)));
      const piece = pass(data, offset, size.total);
      if (!dropped) out.push(piece.subarray(undecided ? sent : 0));
      offset += piece.length;
    }
    return out.filter((piece) => piece.length > 0);
  };
}
