import { describe, expect, test } from 'vitest';
import { inward, outward } from '../../support/bridge-config.ts';
import { startBridge } from '../../support/bridge-harness.ts';
import { checkDelivery } from '../../support/delivery.ts';
import { startConsumer, startProducer } from '../../support/load.ts';
import { localKind, REMOTE_KINDS, startRemote, takesQos } from '../../support/remote.ts';
import { startBroker } from '../../support/test-broker.ts';

const COUNT = 150;
const CASES = REMOTE_KINDS.flatMap((kind) =>
  (['v5', 'v3'] as const).flatMap((protocol) => ([0, 1, 2] as const).map((qos) => ({ kind, protocol, qos }))),
).filter(({ kind, qos }) => takesQos(kind, qos));

describe('a bridge passes every message both ways, once and in order', () => {
  test.for(CASES)('at QoS $qos with $protocol over $kind', async ({ kind, protocol, qos }, scope) => {
    const [local, remote] = await Promise.all([startBroker(scope, localKind(kind)), startRemote(scope, kind)]);
    const version = protocol === 'v5' ? 5 : 4;
    const routes = [outward('up', 'up/#', { qos }), inward('down', 'down/+/x', { qos })];
    const bridge = await startBridge(scope, { local, remote: remote.side(), routes, spec: { protocol } });
    const { port } = remote;
    const [above, below] = await Promise.all([
      startConsumer(scope, { port, version, clientId: 'above', filters: 'up/#', qos }),
      startConsumer(scope, { port: local, version, clientId: 'below', filters: 'down/#', qos }),
    ]);
    const common = { version, qos, count: COUNT } as const;
    const up = startProducer(scope, { ...common, port: local, name: 'up', topics: ['up/a', 'up/b'] });
    const down = startProducer(scope, { ...common, port, name: 'down', topics: ['down/1/x'] });
    await Promise.all([up.done, down.done, above.received(COUNT), below.received(COUNT)]);
    await bridge.settled();

    const upward = checkDelivery(up.log.sent, above.log.received);
    expect(upward.ok, upward.text).toBe(true);
    const downward = checkDelivery(down.log.sent, below.log.received);
    expect(downward.ok, downward.text).toBe(true);
    expect(bridge.route('up').counters).toMatchObject({ received: COUNT, forwarded: COUNT, dropped: {}, inflight: 0 });
  });
});
