import type { KubernetesClient } from '../../../kubernetes/client.ts';
import type { ObjectKind } from '../../../kubernetes/object.ts';

/** A client of a process that dies. */
export interface MortalClient {
  readonly client: KubernetesClient;
  /** Resolves when it has died. */
  readonly dead: Promise<void>;
  readonly isDead: () => boolean;
}

/** A client that is never heard of again before or after its n-th write, those of Leases not counted. */
export function mortalClient(
  client: KubernetesClient,
  { write: last, when }: { readonly write: number; readonly when: 'before' | 'after' },
): MortalClient {
  const death = Promise.withResolvers<void>();
  let writes = 0;
  let dead = false;
  /** Of what is on the way nothing is heard, until whoever asks gives up; what is asked later goes nowhere. */
  const silence = (signal: AbortSignal | undefined) =>
    new Promise<never>((_resolve, reject) => {
      if (signal?.aborted === true) return reject(new Error('dead'));
      signal?.addEventListener('abort', () => reject(new Error('dead')), { once: true });
    });
  function die(): void {
    dead = true;
    death.resolve();
  }
  async function living<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    if (dead) throw new Error('dead');
    const answer = await call();
    return dead ? await silence(signal) : answer;
  }
  async function write<T>(kind: ObjectKind, signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    if (kind.kind === 'Lease' || dead) return await living(signal, call);
    writes += 1;
    if (writes < last) return await living(signal, call);
    if (when === 'after') await call();
    die();
    return await silence(signal);
  }
  return {
    dead: death.promise,
    isDead: () => dead,
    client: {
      get: (kind, name, signal) => living(signal, () => client.get(kind, name, signal)),
      list: (kind, selection, signal) => living(signal, () => client.list(kind, selection, signal)),
      watch: (kind, selection, signal) => client.watch(kind, selection, signal),
      apply: (kind, object, options, signal) => write(kind, signal, () => client.apply(kind, object, options, signal)),
      create: (kind, object, signal) => write(kind, signal, () => client.create(kind, object, signal)),
      replace: (kind, object, signal) => write(kind, signal, () => client.replace(kind, object, signal)),
      patch: (kind, name, operations, options, signal) =>
        write(kind, signal, () => client.patch(kind, name, operations, options, signal)),
      remove: (kind, name, options, signal) => write(kind, signal, () => client.remove(kind, name, options, signal)),
      close: () => client.close(),
    },
  };
}
