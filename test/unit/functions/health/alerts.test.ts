import { expect, it } from 'vitest';
import { createAlertPublisher } from '../../../../functions/durable/event-grid-alerts.ts';
import { createHealthDeps } from '../../../../functions/durable/create-health-deps.ts';
import { createPublishAlerts, NOTHING_DELIVERED } from '../../../../functions/durable/publish-alerts.ts';
import { settingsSchema } from '../../../../functions/wiring/settings.ts';
import type { HealthAlert } from '../../../../shared/health/state.ts';
import { createSelfSigned } from '../../../support/certificates.ts';
import { startAlertTopic } from '../../../support/health/alert-topic.ts';
import { createTestSite, timelineOf } from '../../../support/health/site.ts';

const alert: HealthAlert = {
  number: 1,
  id: 'epoch-a1',
  type: 'MqttBridge.Connector.Degraded',
  at: '2026-11-23T12:00:00.000Z',
  connector: 'c',
  verdict: 'Unhealthy',
  from: 'Healthy',
  reasons: [{ reason: 'QuotaExceeded', message: 'Too many.', fix: 'raise it' }],
};

it('sends alerts as CloudEvents with identifiers that stay the same', async (t) => {
  const topic = await startAlertTopic(t);
  const publish = createAlertPublisher({ endpoint: topic.endpoint });
  await publish('plant', [alert], AbortSignal.timeout(10_000));
  await publish('plant', [alert], AbortSignal.timeout(10_000));
  expect(topic.alerts[0]).toEqual({
    specversion: '1.0',
    id: 'plant-epoch-a1',
    type: 'MqttBridge.Connector.Degraded',
    source: '/mqttbridge/sites/plant',
    subject: 'connectors/c',
    time: alert.at,
    datacontenttype: 'application/json',
    data: { site: 'plant', connector: 'c', verdict: 'Unhealthy', from: 'Healthy', reasons: alert.reasons },
  });
  expect(topic.alerts[1]).toEqual(topic.alerts[0]);
  expect(topic.requests[0]?.headers['content-type']).toContain('application/cloudevents-batch+json');
});

it('shows the token of its identity over TLS', async (t) => {
  const identity = await createSelfSigned();
  const topic = await startAlertTopic(t, identity);
  const scopes: unknown[] = [];
  const getToken = async (scope: string | string[]) => {
    scopes.push(scope);
    return { token: 'a token', expiresOnTimestamp: Date.now() + 3_600_000 };
  };
  const tlsOptions = { ca: identity.certificate };
  const publish = createAlertPublisher({ endpoint: topic.endpoint, credential: { getToken }, client: { tlsOptions } });
  await publish('plant', [alert], AbortSignal.timeout(10_000));
  expect(topic.requests[0]?.headers.authorization).toBe('Bearer a token');
  expect(scopes.flat()).toEqual(['https://eventgrid.azure.net/.default']);
});

it('writes a failure to the time line once, and says when to try again', async (t) => {
  const topic = await startAlertTopic(t);
  topic.answer = 503;
  const site = await createTestSite(t);
  await site.define({ c: 1 });
  const settings = settingsSchema.parse({ MQTTBRIDGE_ALERT_TOPIC_ENDPOINT: topic.endpoint });
  const log: string[] = [];
  const deps = { stores: site.stores, settings, now: site.now, log: (event: string) => void log.push(event) };
  const publish = createPublishAlerts(createHealthDeps(async () => deps));
  const input = { site: 'plant', batch: [alert], withinMs: 7_500 };
  const pauses: number[] = [];
  let delivery = NOTHING_DELIVERED;
  for (let failures = 1; failures <= 9; failures++) {
    delivery = await publish({ ...input, delivery });
    expect(delivery).toMatchObject({ through: 0, failures });
    pauses.push((delivery.after - site.time) / 1_000);
  }
  expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600]);
  expect(await timelineOf(site)).toEqual(['AlertFailed MqttBridge.Connector.Degraded']);
  expect([topic.requests.length, log.length, log[0]]).toEqual([9, 9, 'AlertsFailed']);
  topic.answer = 200;
  expect(await publish({ ...input, delivery })).toEqual({ through: 1, failures: 0, after: 0 });
  expect(topic.alerts).toHaveLength(1);
});

it('has nobody to alert without a topic', async (t) => {
  const { stores, now } = await createTestSite(t);
  const deps = createHealthDeps(async () => ({ stores, now, settings: settingsSchema.parse({}) }));
  expect((await deps()).publishAlerts).toBeUndefined();
});
