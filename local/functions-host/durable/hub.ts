import type { Logger } from '../../../agent/observe/logger.ts';
import type { FunctionRunner, HostClock } from '../ports.ts';
import type { Activity, Message } from './model.ts';
import type { DurableStore } from './store/store.ts';

/** What the parts of the engine work with. */
export interface Hub {
  readonly store: DurableStore;
  readonly runner: FunctionRunner;
  readonly clock: HostClock;
  readonly uuid: () => string;
  readonly logger: Logger;
  readonly functions: Catalog;
  /** One transaction; when it is written, whoever got something to do is woken. */
  change<T>(work: (outbox: Outbox) => T): T;
  /** There is more to do for this orchestration or entity. */
  wake(recipient: string): void;
}

/** Writes what others have to do; only within `Hub.change`. */
export interface Outbox {
  send(recipient: string, message: Message): void;
  schedule(activity: Omit<Activity, 'seq'>): void;
  /** Tells those who wait for it that an instance has ended. */
  ended(instance: string): void;
}

/** Who has something to do after a transaction. */
export interface News {
  readonly recipients: Set<string>;
  readonly activities: number[];
  readonly ended: string[];
}

/** Does a transaction and says who is to be woken. */
export function transact<T>(store: DurableStore, work: (outbox: Outbox) => T): { value: T; news: News } {
  const news: News = { recipients: new Set(), activities: [], ended: [] };
  const value = store.commit(() =>
    work({
      send(recipient, message) {
        store.inbox.add(recipient, message);
        news.recipients.add(recipient);
      },
      schedule: (activity) => void news.activities.push(store.activities.add(activity)),
      ended: (instance) => void news.ended.push(instance),
    }),
  );
  return { value, news };
}

/** Names of the app's functions, found in any case of letters as the real host finds them. */
export interface Catalog {
  find(kind: FunctionKind, name: string): string | undefined;
}

export type FunctionKind = 'activity' | 'orchestration' | 'entity';

/** The catalog of an app; read when asked, since functions are registered while the app loads. */
export function createCatalog(runner: FunctionRunner): Catalog {
  const known = new Map<FunctionKind, Map<string, string>>();
  function names(kind: FunctionKind): Map<string, string> {
    const found = known.get(kind) ?? new Map(runner.names(`${kind}Trigger`).map((name) => [name.toLowerCase(), name]));
    known.set(kind, found);
    return found;
  }
  return { find: (kind, name) => names(kind).get(name.toLowerCase()) };
}
