import { describe, expect, type TestContext, test } from 'vitest';
import { inward } from '../support/bridge-config.ts';
import { type Bridge, startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { PROPERTY, type Property } from '../support/properties.ts';
import { connectionOf, type RawBroker, type RawConnection, startRawBroker } from '../support/raw-broker.ts';
import { connectRawClient, type RawClient } from '../support/raw-client.ts';
import { startEmbedded } from '../support/test-broker.ts';

interface Stage {
  readonly broker: RawBroker;
  readonly bridge: Bridge;
  readonly victim: RawConnection;
  readonly bystander: RawConnection;
  readonly sink: RawClient;
}

/** Two routes read a scripted broker, each over a connection of its own; one of them will be mistreated. */
async function setStage(scope: TestContext): Promise<Stage> {
  const broker = await startRawBroker(scope);
  const local = await startEmbedded(scope);
  const bridge = await startBridge(scope, {
    local: local.port,
    remote: broker.port,
    routes: [inward('victim', '#'), inward('bystander', 'good/#')],
  });
  const sink = await connectRawClient(scope, { port: local.port, clientId: 'sink' });
  await sink.subscribe('#');
  return {
    broker,
    bridge,
    sink,
    victim: await connectionOf(broker, 'agent-victim'),
    bystander: await connectionOf(broker, 'agent-bystander'),
  };
}

/** The agent said why, came back, and the other route did not notice. */
async function expectOnlyVictimClosed(stage: Stage, reasonCode: number): Promise<void> {
  const { victim, bystander, broker, bridge, sink } = stage;
  const disconnect = await victim.packet(({ cmd }) => cmd === 'disconnect');
  expect(disconnect).toMatchObject({ reasonCode });
  const again = await connectionOf(broker, 'agent-victim', 1);
  await again.packet(({ cmd }) => cmd === 'subscribe');
  bystander.publish({ topic: 'good/1', payload: 'b', qos: 1 });
  again.publish({ topic: 'fine', payload: 'v', qos: 1 });
  await sink.received(2);
  expect(sink.messages.map(({ topic }) => topic).sort()).toEqual(['fine', 'good/1']);
  expect(bridge.session('remote', 'bystander').epoch).toBe(1);
  expect(bridge.session('remote', 'victim').epoch).toBe(2);
}

describe('F21 - a topic that no broker may send is not forwarded, and ends its connection with 0x90', () => {
  test.for([
    ['nothing in it and no alias', ''],
    ['a single-level wildcard', 'a/+/b'],
    ['a multi-level wildcard', 'a/#'],
    ['a NUL', 'a\0b'],
    ['a broken UTF-8 sequence', Buffer.from([0x61, 0xff, 0xfe])],
    ['an overlong UTF-8 sequence', Buffer.from([0xc0, 0xaf])],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
  ] as const)('with %s', async ([, topic], scope) => {
    const stage = await setStage(scope);
    stage.victim.publish({ topic, payload: 'x', qos: 1 });
    await expectOnlyVictimClosed(stage, 0x90);
    expect(stage.bridge.session('remote', 'victim').disconnects).toEqual({ TopicNameInvalid: 1 });
    expect(stage.bridge.route('victim').counters).toMatchObject({ received: 1, forwarded: 1 });
  });

  test('but topics that are only unwanted are dropped and counted', async (scope) => {
    const { victim, bridge, sink } = await setStage(scope);
    for (const topic of ['$SYS/broker/uptime', '$share/g/t']) victim.publish({ topic, payload: 'x', qos: 1 });
    victim.publish({ topic: 'fine', payload: 'x', qos: 1 });
    await eventually(() => victim.count('puback') === 3);
    await bridge.settled();
    expect(bridge.route('victim').counters).toMatchObject({ received: 3, forwarded: 1, dropped: { no_match: 2 } });
    expect(sink.messages.map(({ topic }) => topic)).toEqual(['fine']);
  });

  test('and the longest topic of all is legal and passes', async (scope) => {
    const { victim, sink } = await setStage(scope);
    const topic = 't'.repeat(65_535);
    victim.publish({ topic, payload: 'x', qos: 1 });
    await sink.received(1);
    expect(sink.messages[0].topic).toBe(topic);
  });
});

describe('F23 - properties that break the rules end their connection', () => {
  test.for([
    ['topic alias 0', 0x94, [[PROPERTY.topicAlias, 0]]],
    ['a topic alias above the maximum', 0x94, [[PROPERTY.topicAlias, 33]]],
    ['subscription identifier 0', 0x82, [[PROPERTY.subscriptionIdentifier, 0]]],
    ['a payload format of 2', 0x82, [[PROPERTY.payloadFormatIndicator, 2]]],
    [
      'two content types',
      0x82,
      [
        [PROPERTY.contentType, 'a'],
        [PROPERTY.contentType, 'b'],
      ],
    ],
    ['a response topic with a wildcard', 0x82, [[PROPERTY.responseTopic, 'a/#']]],
    ['a NUL in a user property', 0x81, [[PROPERTY.userProperty, 'a\0', 'b']]],
  ] as [string, number, Property[]][])('with %s', async ([, reasonCode, properties], scope) => {
    const stage = await setStage(scope);
    stage.victim.publish({ topic: 'a', payload: 'x', qos: 1, properties });
    await expectOnlyVictimClosed(stage, reasonCode);
  });

  test('with a topic alias that was never set', async (scope) => {
    const stage = await setStage(scope);
    stage.victim.publish({ topic: '', payload: 'x', qos: 1, properties: [[PROPERTY.topicAlias, 1]] });
    await expectOnlyVictimClosed(stage, 0x82);
  });

  test('but 60,000 user properties and names of prototypes pass unchanged', async (scope) => {
    const { victim, sink } = await setStage(scope);
    const odd: Property[] = ['__proto__', 'constructor', 'toString', ''].map((name) => [38, name, name]);
    const many = Array.from({ length: 60_000 }, (_, i): Property => [38, `k${i % 7}`, String(i)]);
    victim.publish({ topic: 'a', payload: 'x', qos: 1, properties: [...odd, ...many] });
    await sink.received(1);
    const { properties } = sink.messages[0];
    expect(properties.slice(0, 4)).toEqual(odd);
    expect(properties.slice(4).filter(([, name]) => name !== 'mqttbridge-hops')).toEqual(many);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe('F20 - a broker cannot make the agent keep what it does not send', () => {
  test('a packet declared larger than the maximum ends the connection at its header', async (scope) => {
    const stage = await setStage(scope);
    stage.victim.send(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
    await expectOnlyVictimClosed(stage, 0x95);
  });

  test('a length of five bytes is malformed', async (scope) => {
    const stage = await setStage(scope);
    stage.victim.send(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]));
    await expectOnlyVictimClosed(stage, 0x81);
  });

  test('a broker that does not answer CONNECT is left after the connect timeout', async (scope) => {
    const broker = await startRawBroker(scope, { answer: ({ cmd }) => (cmd === 'connect' ? 'silence' : undefined) });
    const local = await startEmbedded(scope);
    const config = { local: local.port, remote: broker.port, routes: [inward('in', '#')] };
    const bridge = await startBridge(scope, config, { unready: true, timing: { connectTimeoutMs: 100 } });
    await broker.connection(1);
    expect(bridge.session('remote').connects).toEqual({ ConnackTimeout: 1 });
  });
});

test('F19 - a packet that no server may send ends its connection and no other', async (scope) => {
  const stage = await setStage(scope);
  stage.victim.send(Buffer.from([0x82, 0x02, 0x00, 0x01]));
  await expectOnlyVictimClosed(stage, 0x82);
});
