import { expect, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { encodeAck, encodePacket, encodePublish, type Version } from '../support/codec.ts';
import { eventually } from '../support/eventually.ts';
import { mutate } from '../support/mutate.ts';
import { PROPERTY } from '../support/properties.ts';
import { createRandom } from '../support/random.ts';
import { connectionOf, startRawBroker } from '../support/raw-broker.ts';
import { startEmbedded } from '../support/test-broker.ts';

const CONNECTIONS = 400;
const PACKETS = 25;

function corpus(version: Version): Buffer[] {
  const message = { topic: 'in/a', payload: 'payload', retain: true };
  const properties = [
    [PROPERTY.payloadFormatIndicator, 1],
    [PROPERTY.messageExpiryInterval, 60],
    [PROPERTY.contentType, 'text/plain'],
    [PROPERTY.responseTopic, 'answer'],
    [PROPERTY.correlationData, Buffer.from('c')],
    [PROPERTY.topicAlias, 3],
    [PROPERTY.subscriptionIdentifier, 200],
    [PROPERTY.userProperty, 'k', 'v'],
  ] as const;
  return [
    ...([0, 1, 2] as const).map((qos) => encodePublish(version, { ...message, qos, properties }, 7)),
    encodePublish(version, { topic: '', payload: '', properties: [[PROPERTY.topicAlias, 3]] }),
    ...(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const).map((command) => encodeAck(command, 7)),
    encodePacket(version, { cmd: 'suback', messageId: 60_001, granted: [1] }),
    encodePacket(version, { cmd: 'unsuback', messageId: 60_001, granted: [0] }),
    encodePacket(version, { cmd: 'pingresp' }),
    encodePacket(version, { cmd: 'connack', sessionPresent: true, returnCode: 0, reasonCode: 0 }),
    ...(version === 5 ? [Buffer.from('e0040002241f', 'hex'), Buffer.from('f000', 'hex')] : []),
  ];
}

test.for(['v5', 'v3'] as const)(
  'F19 - ten thousand mutated packets in %s end connections of their own route only, with a protocol reason',
  { timeout: 60_000 },
  async (protocol, scope) => {
    const version = protocol === 'v5' ? 5 : 4;
    const random = createRandom(0xf19 + version);
    const packets = corpus(version);
    const remote = await startRawBroker(scope, {
      answer(packet, _nth, connection) {
        if (connection.connect.clientId !== 'agent-victim' || packet.cmd !== 'subscribe') return undefined;
        for (let i = 0; i < PACKETS; i++) {
          const chosen = packets[Math.floor(random() * packets.length)];
          connection.send(mutate(chosen, random));
        }
        // Whatever is still waiting for its end shall not wait for ever.
        connection.end();
        return 'silence';
      },
    });
    const local = await startEmbedded(scope);
    const pace = { firstMs: 1, mostMs: 1, slowMs: 1, slowMostMs: 1, mountedMostMs: 1, takenOverMs: 1 };
    const bridge = await startBridge(
      scope,
      {
        local: local.port,
        remote: remote.port,
        routes: [inward('victim', 'in/#'), inward('down', 'down/#'), outward('up', 'up/#')],
        spec: { protocol },
      },
      { unready: true, timing: { reconnect: pace } },
    );
    const bystander = await connectionOf(remote, 'agent-down');
    await eventually(() => ['down', 'up'].every((route) => bridge.route(route).lanes.ready === 1));
    const before = process.memoryUsage().rss;
    const victims = () => bridge.session('remote', 'victim').epoch;
    for (let sent = 1; victims() < CONNECTIONS; sent++) {
      bystander.publish({ topic: 'down/a', payload: String(sent), qos: 1 });
      local.broker.publish({ topic: 'up/a', payload: String(sent), qos: 1 });
      await eventually(() => bridge.route('down').counters.forwarded === sent);
      await eventually(() => bridge.route('up').counters.forwarded === sent);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
    for (const route of ['down', 'up']) {
      for (const side of ['local', 'remote'] as const) expect(bridge.session(side, route).epoch).toBe(1);
    }
    expect(bridge.session('local', 'victim').epoch).toBe(1);
    const reasons = Object.keys(bridge.session('remote', 'victim').disconnects);
    expect(reasons).toEqual(expect.arrayContaining(['MalformedPacket', 'ProtocolError']));
    expect(reasons).not.toContain('AckTimeout');
    expect(reasons).not.toContain('KeepAliveTimeout');
    const said = remote.connections.flatMap(({ connect, packets: sent }) =>
      connect.clientId === 'agent-victim' ? sent.filter(({ cmd }) => cmd === 'disconnect') : [],
    );
    const codes = new Set(said.map((packet) => ('reasonCode' in packet ? packet.reasonCode : 0)));
    if (version === 5)
      expect([...codes].every((code) => [0x81, 0x82, 0x90, 0x93, 0x94, 0x95].includes(code ?? 0))).toBe(true);
  },
);
