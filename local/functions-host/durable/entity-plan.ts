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
  let before = -1;
  // An unlock opens the way for what came before it.
  while (draft.taken.size > before && draft.operations.length < MOST_OPERATIONS) {
    before = draft.taken.size;
    for (const received of inbox) {
      if (draft.operations.length >= MOST_OPERATIONS) break;
      if (!draft.taken.has(received.seq) && take(draft, received.message, withdrawn)) draft.taken.add(received.seq);
    }
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
