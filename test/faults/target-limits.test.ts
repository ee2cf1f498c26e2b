import { describe, expect, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { startProducer } from '../support/load.ts';
import { connectionOf, startRawBroker } from '../support/raw-broker.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { startInside } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

describe('F11 - what a target says in CONNACK is never exceeded', () => {
  test('Receive Maximum 1 leaves one message without acknowledgement at any time', async (scope) => {
    let unanswered = 0;
    let most = 0;
    const remote = await startRawBroker(scope, {
      connack: { properties: { receiveMaximum: 1 } },
      answer(packet, _nth, connection) {
        if (packet.cmd !== 'publish') return undefined;
        most = Math.max(most, ++unanswered);
        setImmediate(() => {
          unanswered--;
          connection.send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
        });
        return 'silence';
      },
    });
    const local = await startEmbedded(scope);
    const bridge = await startBridge(scope, {
      local: local.port,
      remote: remote.port,
      routes: [outward('up', 'up/#')],
    });
    expect(bridge.session('remote')).toMatchObject({ windowMessages: 1, limits: { receiveMaximum: 1 } });
    const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], count: 300 });
    await up.done;
    await eventually(() => bridge.route('up').counters.forwarded === 300);
    expect(most).toBe(1);
  });

  test.for([
    { kind: 'embedded', bytes: 4096, options: { profile: { maximumPacketSize: 4096 } } },
    { kind: 'eventgrid', bytes: 512 * 1024, options: {} },
  ] as const)(
    'a message above Maximum Packet Size of $kind is counted as too large, and the next ones pass',
    async ({ kind, bytes, options }, scope) => {
      const [local, remote] = [await startEmbedded(scope), await startInside(scope, kind, options)];
      const bridge = await startBridge(scope, {
        local: local.port,
        remote: remote.side(),
        routes: [outward('up', 'up/#', { qos: 2 })],
      });
      const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
      const sink = await connectRawClient(scope, { port: remote.port, clientId: 'sink' });
      await sink.subscribe('up/#', 2);
      for (const qos of [0, 1, 2] as const) {
        await source.publish({ topic: 'up/big', payload: Buffer.alloc(bytes), qos });
        await source.publish({ topic: 'up/small', payload: `${qos}`, qos });
      }
      await sink.received(3);
      await bridge.settled();
      expect(sink.messages.map(({ payload }) => payload.toString())).toEqual(['0', '1', '2']);
      expect(bridge.route('up').counters.dropped).toEqual({ too_large: 3 });
      expect(bridge.session('remote').epoch).toBe(1);
    },
  );

  test.for([
    { kind: 'embedded', options: { profile: { maximumQos: 1, retainAvailable: false } } },
    { kind: 'eventgrid', options: { dated: 'eventgrid-2023' } },
  ] as const)(
    'Maximum QoS of $kind lowers messages, and without retain the flag is cleared; both are counted',
    async ({ kind, options }, scope) => {
      const local = await startEmbedded(scope);
      const remote = await startInside(scope, kind, options);
      const bridge = await startBridge(scope, {
        local: local.port,
        remote: remote.side(),
        routes: [outward('up', 'up/#', { qos: 2 })],
      });
      const sink = await connectRawClient(scope, { port: remote.port, clientId: 'sink' });
      await sink.subscribe([{ topic: 'up/#', qos: 2, rap: true }]);
      const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
      for (const qos of [0, 1, 2] as const)
        await source.publish({ topic: 'up/a', payload: `${qos}`, qos, retain: true });
      await sink.received(3);
      await bridge.settled();
      expect(sink.messages.map(({ qos, retain }) => [qos, retain])).toEqual([
        [0, false],
        [1, false],
        [1, false],
      ]);
      expect(bridge.route('up').counters).toMatchObject({ qosLowered: 1, retainCleared: 3, forwarded: 3, dropped: {} });
      expect(bridge.session('remote').epoch).toBe(1);
    },
  );

  test('Maximum QoS 0 sends everything at QoS 0, without packet identifiers', async (scope) => {
    const remote = await startRawBroker(scope, { connack: { properties: { maximumQoS: 0 } } });
    const local = await startEmbedded(scope);
    await startBridge(scope, { local: local.port, remote: remote.port, routes: [outward('up', 'up/#', { qos: 2 })] });
    const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], qos: 2, count: 100 });
    await up.done;
    const target = await connectionOf(remote, 'agent-up');
    await eventually(() => target.messages.length === 100);
    expect(new Set(target.messages.map(({ qos }) => qos))).toEqual(new Set([0]));
    expect(target.messages.map(({ payload }) => payload.toString().split(':')[1])).toEqual(
      up.log.sent.map(({ sequence }) => String(sequence)),
    );
  });

  test('Server Keep Alive takes the place of ours', async (scope) => {
    const remote = await startRawBroker(scope, { connack: { properties: { serverKeepAlive: 1 } } });
    const local = await startEmbedded(scope);
    const config = { local: local.port, remote: remote.port, routes: [inward('in', '#')] };
    const bridge = await startBridge(scope, config);
    const source = await connectionOf(remote, 'agent-in');
    expect(source.connect.keepalive).toBe(60);
    await source.packet(({ cmd }) => cmd === 'pingreq');
    expect(bridge.session('remote').limits?.keepAlive).toBe(1);
  });

  test.for([
    { kind: 'embedded', size: 512 * 1024, count: 10 },
    { kind: 'eventgrid', size: 511 * 1024, count: 3 },
  ] as const)(
    'a large message that fits is passed to $kind, whose window it fills alone',
    async ({ kind, size, count }, scope) => {
      const [local, remote] = await Promise.all([startEmbedded(scope), startInside(scope, kind)]);
      const bridge = await startBridge(scope, {
        local: local.port,
        remote: remote.side(),
        routes: [outward('up', 'up/#')],
        spec: { session: { maxInflightBytes: 1024 } },
      });
      const sink = await connectRawClient(scope, { port: remote.port, clientId: 'sink' });
      await sink.subscribe('up/#');
      const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], size, count });
      await up.done;
      await sink.received(count);
      await bridge.settled();
      const received = sink.messages.map(({ topic, payload }) => ({ topic, payload }));
      expect(received.map(({ payload }) => payload.length)).toEqual(up.log.sent.map(() => size));
    },
  );
});
