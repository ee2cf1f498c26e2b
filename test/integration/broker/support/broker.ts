import { onTestFinished } from 'vitest';
import { createBroker, type Broker, type BrokerOptions } from '../../../../local/broker/broker.ts';
import type { ListenOptions } from '../../../../local/broker/listen/listener.ts';

/** A broker that listens on a free port and is closed with the test. */
export async function startBroker(
  options: BrokerOptions = {},
  at: ListenOptions = {},
): Promise<{ broker: Broker; port: number }> {
  const broker = createBroker(options);
  onTestFinished(() => broker.close());
  const { port } = await broker.listen(at);
  return { broker, port };
}
