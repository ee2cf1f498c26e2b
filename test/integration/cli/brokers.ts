import { onTestFinished } from 'vitest';
import { type Broker, createBroker } from '../../../local/broker/broker.ts';

/** Two embedded brokers and their ports. */
export interface Brokers {
  readonly local: Broker;
  readonly remote: Broker;
  readonly ports: { readonly local: number; readonly remote: number };
}

/** Starts both brokers for the length of a test. */
export async function startBrokers(): Promise<Brokers> {
  const local = createBroker();
  const remote = createBroker();
  onTestFinished(async () => {
    await Promise.all([local.close(), remote.close()]);
  });
  const ports = { local: (await local.listen()).port, remote: (await remote.listen()).port };
  return { local, remote, ports };
}
