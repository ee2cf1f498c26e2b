import { onTestFinished } from 'vitest';
import type { ListenOptions } from '../../../../local/broker/listen/listener.ts';
import {
  createEventGridEmulator,
  type EventGridEmulator,
  type EventGridOptions,
} from '../../../../local/emulator/emulator.ts';
import { createManualClock, type ManualClock } from '../../broker/support/manual-clock.ts';

/** An emulator on a free port. */
export interface StartedEmulator {
  readonly emulator: EventGridEmulator;
  readonly port: number;
  readonly clock: ManualClock;
}

/** An emulator whose clock stands still, closed with the test. */
export async function startEmulator(options: EventGridOptions = {}, at: ListenOptions = {}): Promise<StartedEmulator> {
  const clock = createManualClock();
  const emulator = createEventGridEmulator({ clock, wallClock: () => clock.now(), ...options });
  onTestFinished(() => emulator.close());
  const { port } = await emulator.listen(at);
  return { emulator, port, clock };
}
