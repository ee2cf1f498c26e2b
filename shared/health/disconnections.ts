/** Why Event Grid ended a session's connection, in words. */
interface Disconnection {
  readonly reason: string;
  readonly message: string;
  readonly fix: string;
}

/** Event Grid's disconnection reasons (protocol of MQTT client life-cycle events). */
export const DISCONNECTIONS: Readonly<Record<string, { readonly message: string; readonly fix: string }>> = {
  ClientAuthenticationError: {
    message:
      'Event Grid no longer accepts who the client is: its certificate ended, or the client was changed or disabled.',
    fix: 'Compare the client in the namespace with the credentials of the connector: `az eventgrid namespace client show`.',
  },
  ClientAuthorizationError: {
    message: 'Event Grid took rights from the client: topic spaces, permission bindings or client groups changed.',
    fix: 'Give it a permission binding for its topics: `az eventgrid namespace permission-binding list`.',
  },
  ClientError: {
    message: 'The client sent something that Event Grid does not allow.',
    fix: 'See the log of the agent; report it if the routes keep to the limits of Event Grid.',
  },
  ClientInitiatedDisconnect: {
    message: 'The client said goodbye.',
    fix: 'Nothing, if the agent was stopped or changed; else see its log.',
  },
  ConnectionLost: {
    message: 'The network connection between agent and Event Grid was lost.',
    fix: 'Check the network at the site; the agent connects again by itself.',
  },
  IpForbidden: {
    message: 'The IP filter or private link of the namespace keeps the client out.',
    fix: 'Allow its address in the IP rules of the namespace: `az eventgrid namespace update`.',
  },
  QuotaExceeded: {
    message: 'The client went beyond a limit of Event Grid: rate, sessions per authentication name, or size.',
    fix: 'Lower the rate or number of sessions, or add throughput units: `az eventgrid namespace update`.',
  },
  ServerError: {
    message: 'Event Grid failed.',
    fix: 'Nothing: the agent connects again by itself; see the health of the Azure service if it lasts.',
  },
  ServerInitiatedDisconnect: {
    message: 'Event Grid closed the connection for reasons of its own operation.',
    fix: 'Nothing: the agent connects again by itself.',
  },
  SessionOverflow: {
    message: 'Too many messages waited for the client, and Event Grid ended its session: what waited is lost.',
    fix: 'Let the agent take messages faster: spread the route over more shares (`sharedSubscription`), or look at the local broker.',
  },
  SessionTakenOver: {
    message: 'Another connection came with the same client ID.',
    fix: 'Give each bridge its own `clientIdPrefix`, and look for a second copy of this agent.',
  },
};

/** A disconnection reason of Event Grid with a sentence and advice; unknown ones as they are. */
export function disconnection(reason: string): Disconnection {
  const known = DISCONNECTIONS[reason] ?? {
    message: 'Event Grid ended the connection.',
    fix: 'See the life-cycle events of the namespace.',
  };
  return { reason, ...known };
}
