import type { WireHandler } from './wire.ts';

/** Stands between a source of bytes and the handler, and keeps the promise that nothing arrives while the wire is paused. */
export interface Intake {
  /** Takes bytes from the source; false asks the source to stop. */
  take(bytes: Buffer, length: number): boolean;
  pause(): void;
  /** Hands over what came late; true when the source may go on. */
  resume(): boolean;
  /** Swallows everything from here on. */
  discard(): void;
}

type IntakeState = 'flowing' | 'paused' | 'discarding';

/**
 * An intake for one wire. TLS and WebSocket deliver what they have already decoded (some ten kilobytes) even after they were
 * told to stop; those bytes are copied and wait here.
 */
export function createIntake(received: WireHandler['received']): Intake {
  let state: IntakeState = 'flowing';
  let handingOver = false;
  const late: Buffer[] = [];

  function hand(bytes: Buffer, length: number): void {
    if (!received(bytes, length) && state === 'flowing') state = 'paused';
  }

  return {
    take(bytes, length) {
      if (state === 'discarding') return true;
      if (state === 'paused' || handingOver) {
        late.push(Buffer.from(bytes.subarray(0, length)));
        return false;
      }
      hand(bytes, length);
      return isOpen(state);
    },
    pause() {
      if (state === 'flowing') state = 'paused';
    },
    resume() {
      if (state === 'paused') state = 'flowing';
      // A handler that resumes from inside `received` continues the loop below it instead of starting a second one.
      if (handingOver) return false;
      handingOver = true;
      while (isOpen(state) && late.length > 0) {
        const next = late.shift();
        if (next !== undefined && state === 'flowing') hand(next, next.length);
      }
      handingOver = false;
      return isOpen(state);
    },
    discard() {
      state = 'discarding';
      late.length = 0;
    },
  };
}

function isOpen(state: IntakeState): boolean {
  return state !== 'paused';
}
