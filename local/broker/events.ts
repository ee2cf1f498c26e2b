import type { ProtocolVersion, Qos } from './codec/publish.ts';

/** Why a connection ended. */
export type DisconnectCause =
  | 'client'
  | 'connection-lost'
  | 'keep-alive'
  | 'taken-over'
  | 'protocol'
  | 'not-authorized'
  | 'quota'
  | 'queue-full'
  | 'server'
  /** Something the client is not to blame for went wrong while it was served. */
  | 'server-error';

/** Why a message did not reach a session. */
export type DropCause = 'expired' | 'queue-full' | 'too-large' | 'offline' | 'refused';

/** Why a session's state was thrown away. */
export type SessionEnd = 'expired' | 'clean-start' | 'transient' | 'forgotten' | 'queue-full' | 'closed';

/** What happened in the broker, by name. */
export interface BrokerEventMap {
  readonly connected: {
    readonly clientId: string;
    readonly version: ProtocolVersion;
    readonly sessionPresent: boolean;
    readonly authenticationName: string | undefined;
  };
  /** A CONNECT that got no session; clientId is empty where none could be read. */
  readonly refused: { readonly clientId: string; readonly reasonCode: number };
  readonly disconnected: {
    readonly clientId: string;
    readonly cause: DisconnectCause;
    readonly reasonCode: number;
    readonly detail: string;
  };
  /** Input that ended its connection, also one that never sent a CONNECT. */
  readonly fault: { readonly clientId: string | undefined; readonly reasonCode: number; readonly detail: string };
  readonly subscribed: { readonly clientId: string; readonly filter: string; readonly qos: Qos };
  readonly unsubscribed: { readonly clientId: string; readonly filter: string };
  /** A message the broker accepted; clientId is undefined for its own and for wills. */
  readonly published: {
    readonly clientId: string | undefined;
    readonly topic: string;
    readonly qos: Qos;
    readonly retain: boolean;
    readonly payload: Buffer;
    /** Sessions it went to, a group of shared subscriptions counting once. */
    readonly receivers: number;
  };
  /** A PUBLISH written to a client. */
  readonly sent: {
    readonly clientId: string;
    readonly topic: string;
    readonly qos: Qos;
    readonly packetId: number;
    readonly dup: boolean;
  };
  /** A QoS 1 or 2 message finished by its receiver. */
  readonly acknowledged: { readonly clientId: string; readonly packetId: number; readonly reasonCode: number };
  readonly dropped: { readonly clientId: string; readonly topic: string; readonly cause: DropCause };
  readonly will: { readonly clientId: string; readonly topic: string };
  readonly reauthenticated: { readonly clientId: string };
  readonly sessionEnded: { readonly clientId: string; readonly cause: SessionEnd };
}

/** The name of something that can happen. */
export type BrokerEventName = keyof BrokerEventMap;

/** Listening to a broker. */
export interface BrokerEvents {
  /** Calls `listener` at each such event; the answer ends it. */
  on<Name extends BrokerEventName>(name: Name, listener: (event: BrokerEventMap[Name]) => void): () => void;
  /** The next such event for which `where` holds; rejects when the broker closes first. */
  next<Name extends BrokerEventName>(
    name: Name,
    where?: (event: BrokerEventMap[Name]) => boolean,
  ): Promise<BrokerEventMap[Name]>;
}

/** The broker's own end of its events. */
export interface EventHub extends BrokerEvents {
  /** Whether anybody listens: hot paths build no event nobody wants. */
  wanted(name: BrokerEventName): boolean;
  emit<Name extends BrokerEventName>(name: Name, event: BrokerEventMap[Name]): void;
  close(): void;
}

/** A hub that calls listeners at once, in the order they came. */
export function createEventHub(): EventHub {
  const listeners = new Map<BrokerEventName, Set<(event: never) => void>>();
  const waiting = new Set<(error: Error) => void>();

  function on<Name extends BrokerEventName>(name: Name, listener: (event: BrokerEventMap[Name]) => void): () => void {
    const set = listeners.get(name) ?? new Set();
    listeners.set(name, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  return {
    on,
    next(name, where = () => true) {
      return new Promise((resolve, reject) => {
        const settle = (): void => {
          stop();
          waiting.delete(fail);
        };
        const fail = (error: Error): void => {
          settle();
          reject(error);
        };
        const stop = on(name, (event) => {
          if (!where(event)) return;
          settle();
          resolve(event);
        });
        waiting.add(fail);
      });
    },
    wanted: (name) => (listeners.get(name)?.size ?? 0) > 0,
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) listener(event as never);
    },
    close() {
      for (const fail of waiting) fail(new Error('the broker was closed before the event came'));
      listeners.clear();
    },
  };
}
