import type { BrokerProfile } from '../profile.ts';
import type { Delivery } from './outbound.ts';
import { createQueue } from './queue.ts';

/** The bounds of a session's queue. */
export type QueueBounds = Pick<BrokerProfile, 'maximumQueuedMessages' | 'maximumQueuedBytes' | 'whenQueueFull'>;

/** What became of a delivery offered to a full or a free queue. */
export type Admission =
  | { readonly kind: 'queued'; readonly pushedOut: readonly Delivery[] }
  | { readonly kind: 'refused' }
  | { readonly kind: 'end-session' };

/** Deliveries waiting to be sent, bounded in number and payload bytes. */
export interface Waiting {
  offer(delivery: Delivery): Admission;
  peek(): Delivery | undefined;
  shift(): void;
  extract(wanted: (delivery: Delivery) => boolean): Delivery[];
  readonly size: number;
}

const QUEUED: Admission = { kind: 'queued', pushedOut: [] };

/** An empty queue within bounds. */
export function createWaiting(bounds: QueueBounds): Waiting {
  const queue = createQueue<Delivery>();
  let bytes = 0;

  const sizeOf = ({ message }: Delivery): number => message.payload.length;
  const fits = (delivery: Delivery): boolean =>
    queue.size < bounds.maximumQueuedMessages && bytes + sizeOf(delivery) <= bounds.maximumQueuedBytes;

  function shift(): Delivery | undefined {
    const delivery = queue.shift();
    if (delivery !== undefined) bytes -= sizeOf(delivery);
    return delivery;
  }

  function push(delivery: Delivery): void {
    queue.push(delivery);
    bytes += sizeOf(delivery);
  }

  function pushOut(delivery: Delivery): Admission {
    const pushedOut: Delivery[] = [];
    while (!fits(delivery)) {
      const oldest = shift();
      if (oldest === undefined) return { kind: 'refused' };
      pushedOut.push(oldest);
    }
    push(delivery);
    return { kind: 'queued', pushedOut };
  }

  return {
    offer(delivery) {
      if (fits(delivery)) {
        push(delivery);
        return QUEUED;
      }
      if (bounds.whenQueueFull === 'drop-oldest') return pushOut(delivery);
      return bounds.whenQueueFull === 'drop-newest' ? { kind: 'refused' } : { kind: 'end-session' };
    },
    peek: () => queue.peek(),
    shift: () => void shift(),
    extract(wanted) {
      const taken = queue.extract(wanted);
      for (const delivery of taken) bytes -= sizeOf(delivery);
      return taken;
    },
    get size() {
      return queue.size;
    },
  };
}
