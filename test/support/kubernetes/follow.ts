import { SYSTEM_CLOCK } from '../../../kubernetes/clock.ts';
import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';
import type { StoredObject, ObjectChange } from '../../../kubernetes/object.ts';
import {
  createReflector,
  type Reflector,
  type ReflectorParts,
  type ReflectorState,
} from '../../../kubernetes/reflector.ts';
import type { Scope } from '../scope.ts';

/** A reflector that runs, and what it has told. */
export interface Followed {
  readonly reflector: Reflector;
  readonly told: readonly ObjectChange[];
  readonly states: readonly ReflectorState[];
}

/** Pauses are so many times shorter than those of the machine's clock. */
const HASTE = 200;

/** A clock on which pauses are short. */
const HASTY_CLOCK: MonotonicClock = {
  now: () => performance.now() * HASTE,
  after: (delay, action) => SYSTEM_CLOCK.after(delay / HASTE, action),
};

/** Runs a reflector that does not pause for long, until the scope ends. */
export function follow(scope: Scope, parts: ReflectorParts): Followed {
  const states: ReflectorState[] = [];
  const told: ObjectChange[] = [];
  const stateChanged = (state: ReflectorState) => void states.push(state);
  const reflector = createReflector({ clock: HASTY_CLOCK, stateChanged, ...parts });
  const end = new AbortController();
  const running = reflector.run((change) => void told.push(change), end.signal);
  scope.onTestFinished(() => {
    end.abort();
    return running;
  });
  return { reflector, told, states };
}

/** What is known once all changes are carried out in the order in which they were told; throws where one does not follow from those before. */
export function replayed(changes: readonly ObjectChange[]): Map<string, StoredObject> {
  const objects = new Map<string, StoredObject>();
  for (const { before, now } of changes) {
    const { namespace, name } = ((now ?? before) as StoredObject).metadata;
    const key = `${namespace}/${name}`;
    if (objects.get(key) !== before) throw new Error(`a change of ${key} does not follow from the one before`);
    if (before && now && before.metadata.uid !== now.metadata.uid) throw new Error(`${key} became another object`);
    if (now === undefined) objects.delete(key);
    else objects.set(key, now);
  }
  return objects;
}
