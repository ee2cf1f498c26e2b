import { type WireFault, type WireFaultReason, type WireProgress, describeFault, faultOf } from './fault.ts';
import type { WireHandler, WireTarget } from './wire.ts';

/** The life of one wire from the first attempt to `closed`: keeps the deadline, the first fault and the promise to close once. */
export interface Passage {
  /** True from `end` or `destroy` on: what happens now is our own doing and no fault. */
  readonly ended: boolean;
  /** True from `open` on. */
  readonly opened: boolean;
  reach(stage: WireProgress['stage']): void;
  received(): void;
  /** All handshakes are done. */
  open(): void;
  /** Keeps the first fault; later ones are its consequences. */
  fail(error: unknown): void;
  failWith(reason: WireFaultReason, detail?: string): void;
  end(): void;
  close(): void;
}

/** Begins a passage; `onTimeout` must make the connection close. */
export function beginPassage(
  target: WireTarget,
  handler: WireHandler,
  options: { readonly connectTimeoutMs: number; readonly onTimeout: () => void },
): Passage {
  let stage: WireProgress['stage'] = 'connecting';
  let receivedAny = false;
  let ended = false;
  let closed = false;
  let fault: WireFault | undefined;

  const failWith = (reason: WireFaultReason, detail?: string): void => {
    fault ??= describeFault(reason, target, { stage, receivedAny, ...(detail === undefined ? {} : { detail }) });
  };
  const timer = setTimeout(() => {
    failWith('ConnectTimeout');
    options.onTimeout();
  }, options.connectTimeoutMs);

  return {
    get ended() {
      return ended;
    },
    get opened() {
      return stage === 'open';
    },
    reach(next) {
      stage = next;
    },
    received() {
      receivedAny = true;
    },
    open() {
      clearTimeout(timer);
      stage = 'open';
      if (!ended) handler.opened();
    },
    fail(error) {
      fault ??= faultOf(error, target, { stage, receivedAny });
    },
    failWith,
    end() {
      ended = true;
    },
    close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      if (ended) return handler.closed();
      failWith('ConnectionClosed');
      handler.closed(fault);
    },
  };
}
