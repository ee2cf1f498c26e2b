/** `upstream` is client to server, `downstream` server to client, as toxiproxy says. */
export type Direction = 'upstream' | 'downstream';

/** A fault on the data of one direction, named and measured as in toxiproxy. */
export type Toxic =
  /** Delays data by `latency` +- `jitter` ms without reordering it. */
  | { readonly type: 'latency'; readonly latency: number; readonly jitter?: number }
  /** Passes at most `rate` KB/s and stops reading while it waits. */
  | { readonly type: 'bandwidth'; readonly rate: number }
  /** Holds back the end of the stream by `delay` ms. */
  | { readonly type: 'slow_close'; readonly delay: number }
  /** Stops all data and reading; closes after `timeout` ms, or never (0): then not even an end or a reset gets through. */
  | { readonly type: 'timeout'; readonly timeout: number }
  /** Resets both sides (RST) after `timeout` ms. */
  | { readonly type: 'reset_peer'; readonly timeout: number }
  /** Writes pieces of `average_size` +- `size_variation` bytes, `delay` µs apart. */
  | {
      readonly type: 'slicer';
      readonly average_size: number;
      readonly size_variation?: number;
      readonly delay?: number;
    }
  /** Closes both sides when `bytes` bytes went through a connection since the toxic came. */
  | { readonly type: 'limit_data'; readonly bytes: number };

/** Finds the newest toxic of a type. */
export function findToxic<T extends Toxic['type']>(
  toxics: ReadonlySet<Toxic>,
  type: T,
): Extract<Toxic, { type: T }> | undefined {
  let found: Extract<Toxic, { type: T }> | undefined;
  for (const toxic of toxics) if (toxic.type === type) found = toxic as Extract<Toxic, { type: T }>;
  return found;
}

/** Cuts a chunk as the toxics say: slices first, then pieces that `bandwidth` can pass in a tenth of a second. */
export function slice(chunk: Buffer, toxics: ReadonlySet<Toxic>, random: () => number = Math.random): Buffer[] {
  const slicer = findToxic(toxics, 'slicer');
  const bandwidth = findToxic(toxics, 'bandwidth');
  if (!slicer && !bandwidth) return [chunk];
  const most = bandwidth ? Math.max(1, Math.floor(bandwidth.rate * 100)) : Number.POSITIVE_INFINITY;
  const pieces: Buffer[] = [];
  for (let offset = 0; offset < chunk.length; ) {
    const size = Math.min(most, slicer ? sliceSize(slicer.average_size, slicer.size_variation ?? 0, random()) : most);
    pieces.push(chunk.subarray(offset, offset + size));
    offset += size;
  }
  return pieces;
}

function sliceSize(average: number, variation: number, random: number): number {
  return Math.max(1, Math.round(average + (random * 2 - 1) * variation));
}
