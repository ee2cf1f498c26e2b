import { describe, expect, type TestContext, test } from 'vitest';
import type { RouteInput } from '../../shared/resources/topic-map.ts';
import { outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { PROPERTY } from '../support/properties.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { type InsideEnd, startInside } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

interface Guarded {
  readonly remote: InsideEnd;
  /** From now on the topic is as good as any. */
  readonly allow: () => void;
}

/** Event Grid refusing `in/bad`: for want of permission, or with a code the test chooses. */
async function startRefusing(scope: TestContext, code: number): Promise<Guarded> {
  if (code !== 0x87) {
    let refuses = true;
    const onPublish = ({ topic }: { readonly topic: string }) =>
      refuses && topic === 'in/bad' ? { reasonCode: code } : undefined;
    const remote = await startInside(scope, 'eventgrid', { hooks: { onPublish } });
    return { remote, allow: () => void (refuses = false) };
  }
  const identities: string[] = [];
  const permissions = {
    topicSpaces: [
      { name: 'all', templates: ['in/good', 'other/#'] },
      { name: 'guarded', templates: ['in/bad'] },
    ],
    permissions: [
      { topicSpace: 'all', role: 'Publisher' },
      { topicSpace: 'guarded', role: 'Publisher', identities },
    ] as const,
  };
  const remote = await startInside(scope, 'eventgrid', { permissions });
  const allow = () => {
    identities.push('agent-r');
    // What a client may do is looked up when it connects.
    remote.broker.cut('agent-r');
  };
  return { remote, allow };
}

function lineOf({ topic, payload }: { readonly topic: string; readonly payload: Buffer }): string {
  return `${topic} ${payload.toString()}`;
}

async function setStage(scope: TestContext, code: number, policy: Partial<RouteInput>) {
  const local = await startEmbedded(scope);
  const guarded = await startRefusing(scope, code);
  const routes = [outward('r', 'in/#', policy), outward('other', 'other/#')];
  const bridge = await startBridge(scope, { local: local.port, remote: guarded.remote.side(), routes });
  const arrived: string[] = [];
  guarded.remote.broker.events.on('published', (message) => void arrived.push(lineOf(message)));
  const source = await connectRawClient(scope, { port: local.port, clientId: 'source' });
  await source.subscribe('dead/#');
  const send = async (...topics: string[]) => {
    for (const [nth, topic] of topics.entries()) await source.publish({ topic, payload: `${nth}`, qos: 1 });
  };
  return { ...guarded, bridge, source, arrived, send };
}

const SENT = ['in/good', 'in/bad', 'in/good', 'in/bad', 'in/good'];
const PASSED = ['in/good 0', 'in/good 2', 'in/good 4'];
const CODES = [
  [0x87, 'not_authorized'],
  [0x90, 'topic_refused'],
  [0x99, 'payload_refused'],
] as const;

describe.for(CODES)('F09 - messages of one topic that Event Grid refuses with %i', ([code, reason]) => {
  test('are dropped and counted, and those that follow flow', async (scope) => {
    const { bridge, arrived, send, remote } = await setStage(scope, code, {});
    await send(...SENT);
    await eventually(() => bridge.route('r').counters.received === 5);
    await bridge.settled();
    expect(bridge.route('r').counters).toMatchObject({ forwarded: 3, dropped: { [reason]: 2 }, retried: {} });
    expect(arrived).toEqual(PASSED);
    expect(remote.emulator?.log.entries().filter(({ kind }) => kind === 'disconnected')).toEqual([]);
  });

  test('go to the dead-letter topic, and those that follow flow', async (scope) => {
    const policy = { onReject: 'deadLetter', deadLetterTopic: 'dead' } as const;
    const { bridge, source, arrived, send } = await setStage(scope, code, policy);
    await send(...SENT);
    await source.received(2);
    await bridge.settled();
    const letters = source.messages.map(lineOf);
    expect(letters).toEqual(['dead/in/bad 1', 'dead/in/bad 3']);
    for (const { properties } of source.messages) {
      expect(properties).toContainEqual([PROPERTY.userProperty, 'mqttbridge-reason', reason]);
    }
    expect(bridge.route('r').counters).toMatchObject({ received: 5, forwarded: 3, dropped: { dead_lettered: 2 } });
    expect(arrived).toEqual(PASSED);
  });

  test('hold up their route, and no other one, until they are taken', async (scope) => {
    const { bridge, arrived, send, allow } = await setStage(scope, code, { onReject: 'block' });
    await send(...SENT, 'other/1');
    await eventually(() => bridge.route('other').counters.forwarded === 1);
    await eventually(() => (bridge.route('r').counters.retried['blocked'] ?? 0) > 3);
    expect(bridge.route('r').counters).toMatchObject({ received: 5, dropped: {} });
    allow();
    await bridge.settled();
    expect(bridge.route('r').counters).toMatchObject({ received: 5, forwarded: 5, dropped: {} });
    expect(new Set(arrived)).toEqual(new Set([...SENT, 'other/1'].map((topic, nth) => `${topic} ${nth}`)));
    expect(arrived.filter((line) => line.startsWith('in/bad'))).toEqual(['in/bad 1', 'in/bad 3']);
  });
});
