import { type Broker, type BrokerOptions, createBroker } from '../../local/broker/broker.ts';
import { startMosquitto } from './mosquitto.ts';
import type { Scope } from './scope.ts';

/** The brokers a test can run against. */
export const BROKER_KINDS = ['mosquitto', 'embedded'] as const;
export type BrokerKind = (typeof BROKER_KINDS)[number];

/** Starts a broker of the wanted kind and returns its port; it ends with the scope. */
export async function startBroker(scope: Scope, kind: BrokerKind): Promise<number> {
  if (kind === 'mosquitto') return (await startMosquitto(scope, { maxInflight: 0 })).port;
  return (await startEmbedded(scope)).port;
}

/** An embedded broker that listens. */
export interface Embedded {
  readonly broker: Broker;
  readonly port: number;
}

/** Starts an embedded broker on a free port; it ends with the scope. */
export async function startEmbedded(scope: Scope, options: BrokerOptions = {}): Promise<Embedded> {
  const broker = createBroker(options);
  scope.onTestFinished(() => broker.close());
  const { port } = await broker.listen();
  return { broker, port };
}
