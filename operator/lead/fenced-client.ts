import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { ObjectKind } from '../../kubernetes/object.ts';

/** Another process may be the one that writes by now. */
export class NotLeadingError extends Error {
  constructor() {
    super('this process does not lead any more');
    this.name = 'NotLeadingError';
  }
}

/** What stands between a write and the API server. */
export interface Fence {
  /** Whether this process may write, asked in the moment of the write. */
  readonly mayWrite: () => boolean;
  /** Ends with the term, and the write with it. */
  readonly term: () => AbortSignal | undefined;
  readonly written: (verb: 'apply' | 'create' | 'patch' | 'remove', kind: ObjectKind) => void;
}

/** A client whose writes end with the term of this process; it has none of the calls that the operator does not need. */
export type FencedClient = Pick<KubernetesClient, 'get' | 'apply' | 'create' | 'patch' | 'remove'>;

/** Puts a fence in front of all writes. */
export function fencedClient(client: KubernetesClient, { mayWrite, term, written }: Fence): FencedClient {
  function pass(verb: Parameters<Fence['written']>[0], kind: ObjectKind): AbortSignal {
    const signal = term();
    if (!mayWrite() || signal === undefined) throw new NotLeadingError();
    written(verb, kind);
    return signal;
  }
  return {
    get: (kind, name) => client.get(kind, name, term()),
    apply: async (kind, object, options) => client.apply(kind, object, options, pass('apply', kind)),
    create: async (kind, object) => client.create(kind, object, pass('create', kind)),
    patch: async (kind, name, operations, options) =>
      client.patch(kind, name, operations, options, pass('patch', kind)),
    remove: async (kind, name, options) => client.remove(kind, name, options, pass('remove', kind)),
  };
}
