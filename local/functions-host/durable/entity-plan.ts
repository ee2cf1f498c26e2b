import type { Entity, EntityMessage, Received } from './model.ts';

/** An operation that an entity is to do. */
export type Operation = EntityMessage & { readonly kind: 'operation' };
/** A request for the locks of several entities, one after the other. */
export type LockRequest = EntityMessage & { readonly kind: 'lock' };

/** What one turn of an entity deals with. */
export interface EntityPlan {
  readonly taken: readonly number[];
  readonly operations: readonly Operation[];
  /** Locks that it gave in this turn: they go on to the next entity, or are granted. */
  readonly locked: readonly LockRequest[];
  readonly lock: Entity['lock'];
}

/** Operations that are handed to an entity function at once, at most. */
const MOST_OPERATIONS = 100;

interface Draft {
  taken: Set<number>;
  operations: Operation[];
  locked: LockRequest[];
  lock: Entity['lock'];
}

/**
 * Decides what of its inbox an entity deals with now. While it is locked, only the owner of the lock gets through, and
 * everybody else keeps their order.
 */
export function planEntity(lock: Entity['lock'], inbox: readonly Received<EntityMessage>[]): EntityPlan {
  const draft: Draft = { taken: new Set(), operations: [], locked: [], lock };
  const withdrawn = new Set(inbox.flatMap(({ message }) => (message.kind === 'unlock' ? [message.id] : [])));
  for (let index = 0; index < inbox.length && draft.operations.length < MOST_OPERATIONS; index++) {
    const received = inbox[index];
    if (received === undefined || draft.taken.has(received.seq)) continue;
    const wasLocked = draft.lock !== undefined;
    if (!take(draft, received.message, withdrawn)) continue;
    draft.taken.add(received.seq);
    // What waited for the lock comes before what arrived later.
    if (wasLocked && draft.lock === undefined) index = -1;
  }
  return { ...draft, taken: [...draft.taken] };
}

function take(draft: Draft, message: EntityMessage, withdrawn: ReadonlySet<string>): boolean {
  switch (message.kind) {
    case 'operation':
      if (draft.lock !== undefined && draft.lock.owner !== message.caller) return false;
      draft.operations.push(message);
      return true;
    case 'lock':
      // Its owner ended before it got the lock.
      if (withdrawn.has(message.id)) return true;
      if (draft.lock !== undefined) return false;
      draft.lock = { requestId: message.id, owner: message.owner };
      draft.locked.push(message);
      return true;
    case 'unlock':
      if (draft.lock?.requestId === message.id) draft.lock = undefined;
      return true;
  }
}
