import type { StoredObject } from '../../../kubernetes/object.ts';
import type { ApiServerSnapshot } from '../../observe/snapshot.ts';
import type { ObjectVersion } from '../remote/document.ts';
import type { Ledger } from '../remote/ledger.ts';

/** Which version of the connector's object is which content. */
export interface Versions {
  /** The newest content there is, and the object that it is of. */
  saw(revision: string, object: ObjectVersion): void;
  /** Generations of the connector that runs, and of the newest one that was taken or refused; of this object only. */
  generations(connector: StoredObject | undefined): {
    readonly runs: number | undefined;
    readonly judged: number | undefined;
  };
  /** What the API server has, too, does not come from disk alone. */
  documentFrom(): ApiServerSnapshot['documentFrom'] | undefined;
}

/** Has seen nothing yet. */
export function createVersions(ledger: Ledger): Versions {
  let newest: { readonly revision: string; readonly object: ObjectVersion } | undefined;
  let judged: ObjectVersion | undefined;
  const isNewest = (revision: string | undefined) => newest !== undefined && revision === newest.revision;
  return {
    saw(revision, object) {
      newest = { revision, object };
    },
    generations(connector) {
      const { state, origin } = ledger;
      if (isNewest(state.revision) || isNewest(state.rejected?.revision)) judged = newest?.object;
      const runs = isNewest(state.revision) ? newest?.object : origin?.object;
      const ofThis = (object: ObjectVersion | undefined) =>
        object?.uid === connector?.metadata.uid ? object?.generation : undefined;
      return { runs: ofThis(runs), judged: ofThis(judged) };
    },
    documentFrom() {
      const { state, origin } = ledger;
      return isNewest(state.revision) ? 'apiServer' : origin?.from;
    },
  };
}
