import { expect, test } from 'vitest';
import { createAlertPublisher } from '../../../functions/durable/event-grid-alerts.ts';
import { takeSessionEvent } from '../../../functions/signals/take-session-event.ts';
import { noteSessions } from '../../../functions/signals/note-sessions.ts';
import { startAlertTopic } from '../../support/health/alert-topic.ts';
import { brokenReport, receivedOf, START } from '../../support/health/reports.ts';
import { timelineOf } from '../../support/health/site.ts';
import { createWatchedSite, type WatchedSite } from '../../support/health/watched-site.ts';

const SECOND = 1_000;

async function verdictOf({ site }: WatchedSite): Promise<string | undefined> {
  const verdicts = (await timelineOf(site)).filter((entry) => entry.startsWith('VerdictChanged'));
  return verdicts.at(-1)?.slice(15);
}

test('alerts reach the topic, each with its type, and once', async (t) => {
  const topic = await startAlertTopic(t);
  const watched = await createWatchedSite(t, { publishAlerts: createAlertPublisher({ endpoint: topic.endpoint }) });
  await watched.site.define({ c: 1 });
  const agent = watched.agent();
  await watched.trigger.ensure('plant');
  await watched.pass(60 * SECOND);
  agent.says = brokenReport();
  await watched.pass(60 * SECOND);
  agent.stop();
  await watched.pass(60 * SECOND);
  watched.agent();
  await watched.pass(600 * SECOND);
  expect(topic.alerts.map(({ type, data }) => [type, data])).toMatchObject([
    ['MqttBridge.Connector.Degraded', { site: 'plant', connector: 'c', verdict: 'Unhealthy', from: 'Healthy' }],
    ['MqttBridge.Connector.Stale', { verdict: 'Stale' }],
    ['MqttBridge.Connector.Recovered', { verdict: 'Healthy', from: 'Stale' }],
  ]);
  expect(new Set(topic.alerts.map(({ id }) => id)).size).toBe(3);
});

test('a topic that is down keeps no judgement waiting, and gets its alerts when it is back', async (t) => {
  const topic = await startAlertTopic(t);
  topic.answer = 503;
  const watched = await createWatchedSite(t, { publishAlerts: createAlertPublisher({ endpoint: topic.endpoint }) });
  await watched.site.define({ c: 1 });
  const agent = watched.agent();
  await watched.trigger.ensure('plant');
  await watched.pass(60 * SECOND);
  agent.stop();
  await watched.pass(46 * SECOND);
  expect(await verdictOf(watched)).toBe('Stale');
  watched.agent();
  await watched.pass(120 * SECOND);
  expect(await verdictOf(watched)).toBe('Healthy');
  expect((await timelineOf(watched.site)).filter((entry) => entry.startsWith('AlertFailed'))).toEqual([
    'AlertFailed MqttBridge.Connector.Stale',
    'AlertFailed MqttBridge.Connector.Recovered',
  ]);
  topic.answer = 200;
  await watched.pass(700 * SECOND);
  expect(topic.alerts.map(({ type }) => type).sort()).toEqual([
    'MqttBridge.Connector.Recovered',
    'MqttBridge.Connector.Stale',
  ]);
});

test('a topic that does not answer at all keeps no judgement waiting', async (t) => {
  const topic = await startAlertTopic(t);
  topic.answer = 'silence';
  const publishAlerts = createAlertPublisher({ endpoint: topic.endpoint });
  const watched = await createWatchedSite(t, { publishAlerts, intervalSeconds: 2 });
  await watched.site.define({ c: 1 });
  await watched.trigger.ensure('plant');
  await watched.pass(SECOND);
  await watched.site.report({ ...brokenReport(), intervalSeconds: 2 });
  await watched.trigger.hint('plant');
  await watched.pass(SECOND);
  expect(await verdictOf(watched)).toBe('Unhealthy');
  await watched.pass(2 * SECOND);
  expect(await verdictOf(watched)).toBe('Stale');
});

test('the reason that Event Grid gives for a closed session becomes a reason of the connector', async (t) => {
  const watched = await createWatchedSite(t);
  const { site } = watched;
  await site.define({ c: 1 });
  const agent = watched.agent();
  await watched.trigger.ensure('plant');
  await noteSessions(site.stores, 'plant', receivedOf(START));
  await watched.pass(60 * SECOND);
  agent.says = brokenReport({}, 'ConnectionClosed');
  const event = {
    type: 'Microsoft.EventGrid.MQTTClientSessionDisconnected',
    time: new Date(watched.clock.now()).toISOString(),
    data: { namespaceName: 'ns', clientSessionName: 'edge-up', sequenceNumber: 3, disconnectionReason: 'IpForbidden' },
  };
  await takeSessionEvent(event, { stores: site.stores, trigger: watched.trigger, now: site.now });
  await watched.pass(60 * SECOND);
  const { state } = (await site.stores.health.read('plant')) ?? {};
  expect(state).toMatchObject({
    connectors: { c: { reasons: [{ reason: 'IpForbidden' }, { reason: 'ConnectionClosed' }] } },
  });
  expect(await timelineOf(site)).toContain('SessionDisconnected');
});
