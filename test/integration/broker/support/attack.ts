import type { Broker } from '../../../../local/broker/broker.ts';
import { connectRaw, openRaw, subscribeRaw } from './raw-client.ts';

/** Sends a stream of bytes on each of many connections, and asks of a bystander whether the broker still works. */
export async function attack(
  { port, broker }: { readonly port: number; readonly broker: Pick<Broker, 'publish'> },
  streams: readonly Buffer[],
): Promise<void> {
  const subscriber = await connectRaw(port, 'untouched');
  await subscribeRaw(subscriber, 'witness/of/life');
  const attackers = await Promise.all(
    streams.map(async (bytes, index) => {
      const client = index % 2 === 0 ? await openRaw(port) : await connectRaw(port, `attacker ${index}`);
      client.send(bytes);
      client.socket.end();
      return client;
    }),
  );
  await Promise.all(attackers.map(({ closed }) => closed));
  broker.publish({ topic: 'witness/of/life', payload: 'x' });
  await subscriber.expect('publish');
  subscriber.socket.destroy();
}
