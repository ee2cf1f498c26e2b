import type { ReceivedDocument } from './document.ts';

/** A document on its way to the bridge. */
export interface Received extends ReceivedDocument {
  /** By the clock of whoever sent it where it tells the time, RFC 3339, UTC. */
  readonly savedAt: string;
  readonly from: 'controlPlane' | 'apiServer' | 'disk';
}

/** Holds the newest document until somebody has time for it. */
export interface Inbox {
  /** Takes the place of one not yet taken; one with the label of the newest so far is nothing new. */
  put(received: Received): void;
  /** False, and nothing happens, when there was one before. */
  putFirst(received: Received): boolean;
  /** Undefined once the signal has aborted. */
  next(): Promise<Received | undefined>;
}

/** Makes an empty inbox. */
export function createInbox(signal: AbortSignal): Inbox {
  let newest: string | undefined;
  let waiting: Received | undefined;
  let wake = (): void => undefined;
  signal.addEventListener('abort', () => wake());

  function put(received: Received): void {
    if (received.revision === newest) return;
    newest = received.revision;
    waiting = received;
    wake();
  }

  return {
    put,
    putFirst(received) {
      const isFirst = newest === undefined;
      if (isFirst) put(received);
      return isFirst;
    },
    async next() {
      if (waiting === undefined && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      const received = signal.aborted ? undefined : waiting;
      waiting = undefined;
      return received;
    },
  };
}
