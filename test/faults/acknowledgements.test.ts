import { describe, expect, test } from 'vitest';
import type { Packet } from 'mqtt-packet';
import { inward, outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { encodeAck } from '../support/codec.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { connectionOf, startRawBroker } from '../support/raw-broker.ts';
import { startInside, SWIFT_SUBSCRIBERS } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

const SETTINGS = { spec: { session: { maxInflightMessages: 10 } } };

test.for([
  { kind: 'embedded', qos: 1 },
  { kind: 'embedded', qos: 2 },
  { kind: 'eventgrid', qos: 1 },
] as const)(
  'F07 - one swallowed acknowledgement of $kind at QoS $qos is missed, its message sent again, and the window stays whole',
  async ({ kind, qos }, scope) => {
    const local = await startEmbedded(scope);
    const remote = await startInside(scope, kind, { settings: SWIFT_SUBSCRIBERS });
    const proxy = await startFaultProxy(scope, remote);
    const routes = [outward('up', 'up/#', { qos }), outward('fast', 'fast/#', { qos: 0 })];
    const config = { local: local.port, remote: remote.side(proxy.port), routes, ...SETTINGS };
    const bridge = await startBridge(scope, config, { timing: { ackTimeoutMs: 300 } });
    const above = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: '#', qos });
    let swallowed = 0;
    const command = qos === 1 ? 'puback' : 'pubcomp';
    proxy.swallow('downstream', (frame) => frame.command === command && swallowed++ === 0);
    const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], qos, count: 500 });
    const fast = startProducer(scope, { port: local.port, name: 'fast', topics: ['fast/a'], qos: 0, count: 500 });
    await up.done;
    await fast.done;
    await above.received(1000);
    await bridge.settled();
    expect(bridge.session('remote', 'up').disconnects).toEqual({ AckTimeout: 1 });
    expect(bridge.session('remote', 'fast').epoch).toBe(1);
    expect(bridge.session('remote', 'up').inflightMessages).toBe(0);
    const sent = [...up.log.sent, ...fast.log.sent];
    const report = checkDelivery(sent, above.log.received, { allowDuplicates: qos === 1 ? 10 : 0 });
    expect(report.ok, report.text).toBe(true);
  },
);

describe('F14 - acknowledgements that belong to nothing', () => {
  const stray: readonly (Buffer | Packet)[] = [
    encodeAck('puback', 7),
    encodeAck('pubrec', 8),
    encodeAck('pubrel', 9),
    encodeAck('pubcomp', 10),
    { cmd: 'suback', messageId: 4242, granted: [1] },
    { cmd: 'unsuback', messageId: 4243, granted: [0] },
    { cmd: 'pingresp' },
  ];

  test.for(['v5', 'v3'] as const)('are tolerated in %s, and traffic goes on', async (protocol, scope) => {
    const remote = await startRawBroker(scope);
    const local = await startEmbedded(scope);
    const routes = [outward('up', 'up/#', { qos: 2 }), inward('down', 'down/#', { qos: 2 })];
    const bridge = await startBridge(scope, {
      local: local.port,
      remote: remote.port,
      routes,
      spec: { protocol, ...SETTINGS.spec },
    });
    const target = await connectionOf(remote, 'agent-up');
    const source = await connectionOf(remote, 'agent-down');
    for (const connection of [target, source]) for (const packet of stray) connection.send(packet);
    const below = await startConsumer(scope, { port: local.port, clientId: 'below', filters: 'down/#' });
    const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], qos: 2, count: 100 });
    for (let i = 0; i < 20; i++) source.publish({ topic: 'down/a', payload: `down:${i}:`, qos: 2 });
    await up.done;
    await below.received(20);
    await bridge.settled();
    await eventually(() => target.messages.length === 100);
    expect(bridge.snapshot().sessions.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1]);
    // PUBREL for an unknown message is answered all the same (MQTT5 4.3.3).
    expect(target.packets).toContainEqual(expect.objectContaining({ cmd: 'pubcomp', messageId: 9 }));
  });

  test('given twice for each message do no harm', async (scope) => {
    const remote = await startRawBroker(scope, {
      answer(packet) {
        if (packet.cmd !== 'publish' || packet.qos !== 1) return undefined;
        const puback = encodeAck('puback', packet.messageId ?? 0);
        return [puback, puback];
      },
    });
    const local = await startEmbedded(scope);
    const config = { local: local.port, remote: remote.port, routes: [outward('up', 'up/#')], ...SETTINGS };
    const bridge = await startBridge(scope, config);
    const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], count: 300 });
    await up.done;
    await eventually(() => bridge.route('up').counters.forwarded === 300);
    const target = await connectionOf(remote, 'agent-up');
    expect(target.messages.map(({ payload }) => payload.toString().split(':')[1])).toEqual(
      up.log.sent.map(({ sequence }) => String(sequence)),
    );
    expect(bridge.session('remote').epoch).toBe(1);
  });
});

test('F14 - a second CONNACK is a protocol error that ends its connection, and traffic goes on over the next', async (scope) => {
  const remote = await startRawBroker(scope);
  const local = await startEmbedded(scope);
  const bridge = await startBridge(scope, { local: local.port, remote: remote.port, routes: [inward('in', '#')] });
  const first = await connectionOf(remote, 'agent-in');
  first.send({ cmd: 'connack', sessionPresent: false, reasonCode: 0, returnCode: 0 });
  await first.packet((packet) => packet.cmd === 'disconnect' && packet.reasonCode === 0x82);
  const second = await connectionOf(remote, 'agent-in', 1);
  await second.packet(({ cmd }) => cmd === 'subscribe');
  second.publish({ topic: 'a', payload: 'x', qos: 1 });
  await eventually(() => second.count('puback') === 1);
  expect(bridge.session('remote').disconnects).toEqual({ ProtocolError: 1 });
});

test('F06 - an acknowledgement that is due on a new connection is never sent for a message of the old one', async (scope) => {
  const remote = await startRawBroker(scope, { connack: { sessionPresent: true } });
  const local = await startRawBroker(scope, {
    answer: (packet, nth) => (packet.cmd === 'publish' && nth === 1 ? 'silence' : undefined),
  });
  const config = { local: local.port, remote: remote.port, routes: [inward('in', '#')] };
  await startBridge(scope, config, { unready: true });
  const source = await connectionOf(remote, 'agent-in');
  const target = await connectionOf(local, 'agent-in');
  source.publish({ topic: 'held', payload: 'old', qos: 1 }, 1);
  await eventually(() => target.messages.length === 1);
  source.drop();
  const again = await connectionOf(remote, 'agent-in', 1);
  // The broker forgot the message and gives its identifier to another one, without DUP.
  again.publish({ topic: 'other', payload: 'new', qos: 1 }, 1);
  await eventually(() => target.messages.length === 2);
  await eventually(() => again.count('puback') === 1);
  target.send(encodeAck('puback', target.messages[0].packetId));
  again.publish({ topic: 'last', payload: 'last', qos: 1 }, 2);
  await eventually(() => again.count('puback') === 2);
  const acks = again.packets.filter(({ cmd }) => cmd === 'puback').map(({ messageId }) => messageId);
  expect(acks).toEqual([1, 2]);
});
