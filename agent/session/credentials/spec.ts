import { parseEndpoint } from '../../../shared/endpoint.ts';
import type { Side } from '../../../shared/plan/types.ts';
import { type Authentication, authenticationOf } from '../../../shared/resources/authentication.ts';
import type { Connector } from '../../../shared/resources/connector.ts';
import type { WireTarget } from '../wire/wire.ts';

/** One side of a connector as far as reaching it and logging on are concerned. */
export interface ConnectionSpec extends WireTarget {
  /** ConfigMap with the CA certificates to trust; the operating system's trust store when absent. */
  readonly caConfigMap?: string;
  readonly authentication: Authentication;
}

/** Takes one side out of a validated connector. */
export function connectionSpecOf(connector: Connector, side: Side): ConnectionSpec {
  const { localBrokerConnection, remoteBrokerConnection, session } = connector.spec;
  const { endpoint, protocol, tls } = side === 'local' ? localBrokerConnection : remoteBrokerConnection;
  const address = parseEndpoint(endpoint);
  if (!address.ok) throw new TypeError(`${side}BrokerConnection.endpoint was not validated: ${address.fault}`);
  const caConfigMap = tls.trustedCaCertificateConfigMap;
  return {
    side,
    host: address.host,
    port: address.port,
    transport: protocol === 'webSocket' ? 'ws' : 'tcp',
    tlsEnabled: tls.tlsEnabled,
    maxPacketBytes: session.maxPacketBytes,
    authentication: authenticationOf(connector, side),
    ...(caConfigMap === undefined ? {} : { caConfigMap }),
  };
}
