import type { Duplex } from 'node:stream';
import type { PeerCertificate } from 'node:tls';
import { systemClock, type Clock } from './clock.ts';
import { checkTopicName } from './codec/publish.ts';
import type { Connection } from './connection/connection.ts';
import { cut, expel } from './connection/finish.ts';
import { serve } from './connection/serve.ts';
import { createCore, type Core } from './core.ts';
import type { BrokerEvents } from './events.ts';
import type { BrokerHooks } from './hooks.ts';
import type { Listener, ListenOptions } from './listen/listener.ts';
import { listenOnSocket } from './listen/socket.ts';
import { listenOnWebSocket } from './listen/web-socket.ts';
import { logTo, type BrokerLogger } from './logging.ts';
import { messageOf, type BrokerMessage } from './message.ts';
import { genericProfile, type BrokerProfile } from './profile.ts';
import { reason } from './reason.ts';
import type { Session } from './session/session.ts';

/** What a broker is made from; everything has a default. */
export interface BrokerOptions {
  readonly clock?: Clock;
  /** Yields [0, 1). */
  readonly random?: () => number;
  readonly logger?: BrokerLogger;
  /** Settings that differ from `genericProfile`. */
  readonly profile?: Partial<BrokerProfile>;
  readonly hooks?: BrokerHooks;
}

/** What can be seen of a session. */
export interface SessionView {
  readonly clientId: string;
  readonly authenticationName: string | undefined;
  readonly connected: boolean;
  readonly version: 4 | 5;
  /** Filters as the client sent them. */
  readonly subscriptions: readonly string[];
  /** Messages waiting to be sent. */
  readonly queued: number;
  /** Messages sent and not finished by the client. */
  readonly inflight: number;
  /** QoS 2 messages from the client that it has not released. */
  readonly unreleased: number;
}

/** An MQTT 5 and 3.1.1 broker inside this process. */
export interface Broker {
  /** Opens a port; may be called several times. */
  listen(at?: ListenOptions): Promise<{ readonly host: string; readonly port: number }>;
  /** Publishes as the broker itself; throws ProtocolFault for a topic name with a wildcard. */
  publish(message: BrokerMessage): void;
  sessions(): readonly SessionView[];
  /** Ends a client's connection; `reasonCode` defaults to 0x98 (administrative action). */
  disconnect(clientId: string, reasonCode?: number): void;
  /** Breaks a client's connection without a DISCONNECT, as a failing network does. */
  cut(clientId: string): void;
  /** Ends a client's connection and drops its session: its next CONNECT gets session present 0. */
  forget(clientId: string): void;
  readonly events: BrokerEvents;
  /** Ends all connections and closes all ports; resolves when nothing of the broker is left open. */
  close(): Promise<void>;
}

function viewOf(session: Session): SessionView {
  return {
    clientId: session.clientId,
    authenticationName: session.authenticationName,
    connected: session.link !== undefined,
    version: session.version,
    subscriptions: [...session.subscriptions.keys()],
    queued: session.outbound.queued,
    inflight: session.outbound.inflight,
    unreleased: session.received.size,
  };
}

/** Milliseconds a client has at the close of the broker to read its DISCONNECT. */
const FAREWELL_MS = 200;

/** Ends a connection for good; resolves when its socket is closed. */
function leave(connection: Connection): Promise<void> {
  const { stream } = connection;
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    const giveUp = setTimeout(() => stream.destroy(), FAREWELL_MS);
    stream.once('close', () => {
      clearTimeout(giveUp);
      resolve();
    });
    stream.once('finish', () => stream.destroy());
    expel(connection, reason.serverShuttingDown, 'the broker is closing');
  });
}

/** A broker that does nothing until it listens; several may live in one process. */
export function createBroker(options: BrokerOptions = {}): Broker {
  const core: Core = createCore({
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    hooks: options.hooks ?? {},
    profile: { ...genericProfile, ...options.profile },
  });
  if (options.logger !== undefined) logTo(options.logger, core.events);
  const connections = new Set<Connection>();
  const listeners: Listener[] = [];

  function accept(stream: Duplex, certificate: () => PeerCertificate | undefined): void {
    const connection = serve(core, stream, certificate);
    connections.add(connection);
    stream.once('close', () => connections.delete(connection));
  }

  function connectionOf(clientId: string): Connection | undefined {
    for (const connection of connections) if (connection.session?.clientId === clientId) return connection;
    return undefined;
  }

  function disconnect(clientId: string, reasonCode: number = reason.administrativeAction): void {
    const connection = connectionOf(clientId);
    if (connection !== undefined) expel(connection, reasonCode, 'ended by its operator', 'server');
  }

  return {
    async listen(at = {}) {
      const listener = await (at.webSocket === true
        ? listenOnWebSocket(at, accept, core.profile.maximumPacketSize)
        : listenOnSocket(at, accept));
      listeners.push(listener);
      return { host: listener.host, port: listener.port };
    },
    publish(message) {
      checkTopicName(message.topic);
      core.publish(messageOf(message, core.clock.now()));
    },
    sessions: () => [...core.sessions.all()].map(viewOf),
    disconnect,
    cut(clientId) {
      const connection = connectionOf(clientId);
      if (connection !== undefined) {
        cut(connection, { cause: 'connection-lost', reasonCode: reason.unspecified, detail: 'cut by its operator' });
      }
    },
    forget(clientId) {
      disconnect(clientId);
      const session = core.sessions.get(clientId);
      if (session !== undefined) core.sessions.end(session, 'forgotten');
    },
    events: core.events,
    async close() {
      const closed = listeners.splice(0).map((listener) => listener.close());
      await Promise.all([...connections].map(leave));
      await Promise.all(closed);
      core.wills.close();
      core.sessions.close();
      core.events.close();
    },
  };
}
