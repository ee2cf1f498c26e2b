import { parseEndpoint } from '../endpoint.ts';
import { eventGridHost } from '../event-grid.ts';
import type { Side } from '../plan/types.ts';
import { remoteProfileOf } from '../remote-profile.ts';
import { type Authentication, authenticationOf } from '../resources/authentication.ts';
import type { Connector } from '../resources/connector.ts';

/** What went wrong at one of a connector's brokers. */
export interface Fault {
  /** CamelCase constant, as in status and metrics. */
  readonly reason: string;
  readonly side: Side;
  /** MQTT 5 reason code, when the broker gave one. */
  readonly reasonCode?: number | undefined;
  /** What is known of the cause already, in one sentence; used where nothing can be added to it. */
  readonly message?: string | undefined;
}

/** Data action at Event Grid, as its roles and permission bindings name it. */
export type Permission = 'Publisher' | 'Subscriber';

/** What is known beyond the fault; whatever is absent stays open in the sentence, or becomes a placeholder in the fix. */
export interface AdviceContext {
  /** What the broker refused; `connect` when absent. */
  readonly during?: 'connect' | 'publish' | 'subscribe' | undefined;
  readonly route?: string | undefined;
  /** Topic or filter that was refused, as the configuration writes it. */
  readonly topic?: string | undefined;
  readonly clientId?: string | undefined;
  /** What the session does; both when absent. */
  readonly permissions?: readonly Permission[] | undefined;
  /** Sessions that the whole connector has at this broker, all of its instances together. */
  readonly sessions?: number | undefined;
  /** Microsoft Entra object ID of the identity: claim `oid` of its token. */
  readonly objectId?: string | undefined;
  /** True where the identity is a federated one instead of an extension's. */
  readonly federated?: boolean | undefined;
  /** Ends of the client certificate and of the token, and the present time, all in seconds since 1970. */
  readonly certificateEnds?: number | undefined;
  readonly tokenEnds?: number | undefined;
  readonly now?: number | undefined;
  /** True when the broker took another session with the same credentials. */
  readonly admitted?: boolean | undefined;
}

/** What to tell an operator. */
export interface Advice {
  /** One sentence that names the cause. */
  readonly sentence: string;
  /** Command to run, or setting to change; words in capitals are for the operator to fill in. Absent where nothing is to be done. */
  readonly fix?: string;
}

/** A fault with what the connector says of the broker it happened at. */
export interface Situation {
  readonly fault: Fault;
  readonly context: AdviceContext;
  readonly connector: Connector;
  /** Path of the connection in the connector. */
  readonly block: string;
  readonly host: string;
  readonly port: number;
  readonly authentication: Authentication;
  /** True at Event Grid, by host name or profile. */
  readonly isEventGrid: boolean;
  /** Name of the Event Grid namespace; a placeholder where the host does not tell it. */
  readonly namespace: string;
}

/** One kind of advice; undefined leaves the situation to the next. */
export type Adviser = (situation: Situation) => Advice | undefined;

/** Collects what advice depends on. */
export function situationOf(fault: Fault, connector: Connector, context: AdviceContext): Situation {
  const { side } = fault;
  const block = `spec.${side}BrokerConnection`;
  const address = parseEndpoint(
    connector.spec[side === 'local' ? 'localBrokerConnection' : 'remoteBrokerConnection'].endpoint,
  );
  const host = address.ok ? address.host : '';
  return {
    fault,
    context,
    connector,
    block,
    host,
    port: address.ok ? address.port : 0,
    authentication: authenticationOf(connector, side),
    isEventGrid:
      side === 'remote' && (eventGridHost(host) !== undefined || remoteProfileOf(connector).name === 'eventgrid'),
    namespace: eventGridHost(host) === undefined ? 'NAMESPACE' : (host.split('.')[0] ?? 'NAMESPACE'),
  };
}
