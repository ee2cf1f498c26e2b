import type { Hub } from './hub.ts';

/** Wakes those whose timers are due; armed for the next timer only, and not at all where there is none. */
export interface Alarm {
  /** Looks anew which timer is next. */
  arm(): void;
  cancel(): void;
}

/** Makes the alarm of a task hub; `breakDown` is told when the store refuses. */
export function createAlarm(hub: Hub, breakDown: (error: unknown) => void): Alarm {
  const { store, clock } = hub;
  let armed: { readonly at: number; readonly cancel: () => void } | undefined;

  function cancel(): void {
    armed?.cancel();
    armed = undefined;
  }

  function arm(): void {
    const at = store.timers.earliest();
    if (at === armed?.at) return;
    cancel();
    if (at !== undefined) armed = { at, cancel: clock.callAt(at, ring) };
  }

  function ring(): void {
    armed = undefined;
    try {
      fire();
      arm();
    } catch (error) {
      breakDown(error);
    }
  }

  function fire(): void {
    const due = store.timers.due(clock.now());
    hub.change((outbox) => {
      for (const { instance, execution, task, fireAt } of due) {
        store.timers.remove(instance, task);
        outbox.send(instance, { kind: 'fired', execution, task, fireAt });
      }
    });
  }

  return { arm, cancel };
}
