import { describe, expect, test } from 'vitest';
import { createMetrics, METRICS } from '../../../../agent/observe/metrics.ts';
import type { AgentSnapshot } from '../../../../agent/observe/snapshot.ts';
import { apiServerOf, controlPlaneOf, countsOf, routeOf, sessionOf, snapshotOf } from './snapshot-of.ts';

const usage = { cpuSeconds: 1.5, residentBytes: 5e7, startedAt: 1_700_000_000, eventLoopLagSeconds: 0.001 };

async function scrape(snapshot: AgentSnapshot): Promise<string> {
  return (await createMetrics({ snapshot: () => snapshot, processUsage: async () => usage })()).body;
}

/** Value of the series with this name and, in any order, these labels. */
function valueOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  const line = text
    .split('\n')
    .find((each) => each.split(/[{ ]/, 1)[0] === name && wanted.every((label) => each.includes(label)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

describe('metrics', () => {
  test('keeps the four names of the original product', async () => {
    const text = await scrape(snapshotOf());
    expect(valueOf(text, 'aio_mq_mqttbridge_active_connections_count', { side: 'remote' })).toBe(1);
    expect(valueOf(text, 'aio_mq_mqttbridge_number_of_routes')).toBe(1);
    expect(valueOf(text, 'aio_mq_mqttbridge_publish_bytes', { route: 'up' })).toBe(700);
    expect(valueOf(text, 'aio_mq_mqttbridge_publishes_processed_count', { route: 'up' })).toBe(9);
  });

  test('lets the balance of a route be checked from outside', async () => {
    const text = await scrape(snapshotOf());
    const labels = { connector: 'bridge', topic_map: 'map', route: 'up', direction: 'local-to-remote', qos: '1' };
    const received = valueOf(text, 'mqttbridge_messages_received_total', labels);
    const forwarded = valueOf(text, 'mqttbridge_messages_forwarded_total', labels) ?? 0;
    const dropped = valueOf(text, 'mqttbridge_messages_dropped_total', { ...labels, reason: 'NotAuthorized' }) ?? 0;
    const inflight = valueOf(text, 'mqttbridge_inflight_messages', labels) ?? 0;
    expect(received).toBe(10);
    expect(forwarded + dropped + inflight).toBe(received);
  });

  test('says how instances share the slots, and nothing of it where one process runs all', async () => {
    const peer = { instance: 1, slots: [], alive: true, silentSeconds: 0.2, agrees: true };
    const dead = { ...peer, instance: 2, alive: false };
    const instances = {
      instance: 0,
      standing: 'joined',
      slots: [0, 2],
      total: 3,
      peers: [peer, dead],
      adoptions: 4,
    } as const;
    const text = await scrape(snapshotOf({ instances }));
    expect(valueOf(text, 'mqttbridge_instances_wanted')).toBe(3);
    expect(valueOf(text, 'mqttbridge_instance_joined')).toBe(1);
    expect(valueOf(text, 'mqttbridge_instance_peers')).toBe(1);
    expect(valueOf(text, 'mqttbridge_instance_slots')).toBe(2);
    expect(valueOf(text, 'mqttbridge_instance_slots_adopted')).toBe(1);
    expect(valueOf(text, 'mqttbridge_slot_adoptions_total')).toBe(4);
    expect(valueOf(await scrape(snapshotOf()), 'mqttbridge_instance_joined')).toBeUndefined();
  });

  test('writes the latency as a cumulative histogram', async () => {
    const text = await scrape(snapshotOf());
    const name = 'mqttbridge_forward_duration_seconds';
    expect(text).toContain(`# TYPE ${name} histogram`);
    expect(valueOf(text, `${name}_bucket`, { le: '0.005' })).toBe(3);
    expect(valueOf(text, `${name}_bucket`, { le: '0.025' })).toBe(6);
    expect(valueOf(text, `${name}_bucket`, { le: '10' })).toBe(6);
    expect(valueOf(text, `${name}_bucket`, { le: '+Inf' })).toBe(7);
    expect(valueOf(text, `${name}_count`)).toBe(7);
    expect(valueOf(text, `${name}_sum`)).toBe(12.5);
  });

  test('sums sessions of a side into one series and says up only when all are', async () => {
    const sessions = [
      sessionOf({ connects: { Success: 2, NotAuthorized: 1 }, sessionLost: 1 }),
      sessionOf({ state: 'waiting', connects: { Success: 3 }, disconnects: { TopicNameInvalid: 4 } }),
    ];
    const text = await scrape(snapshotOf({ sessions }));
    expect(valueOf(text, 'mqttbridge_connection_up', { side: 'local' })).toBe(0);
    expect(valueOf(text, 'mqttbridge_connection_up', { side: 'remote' })).toBe(0);
    expect(valueOf(text, 'mqttbridge_connects_total', { side: 'local', reason_code: 'Success' })).toBe(5);
    expect(valueOf(text, 'mqttbridge_disconnects_total', { side: 'local', reason: 'TopicNameInvalid' })).toBe(4);
    expect(valueOf(text, 'mqttbridge_invalid_topic_total', { side: 'local' })).toBe(4);
    expect(valueOf(text, 'mqttbridge_session_lost_total', { side: 'local' })).toBe(1);
  });

  test('counts every reason for a drop or a repeat from zero, so that the first one is an increase', async () => {
    const text = await scrape(snapshotOf());
    expect(valueOf(text, 'mqttbridge_messages_dropped_total', { reason: 'expired' })).toBe(0);
    expect(valueOf(text, 'mqttbridge_messages_retried_total', { reason: 'blocked' })).toBe(0);
  });

  test('tells sessions, those with a rival, what waits for them and the age of the oldest message', async () => {
    const rival = { reason: 'SessionTakenOver', message: 'somebody else' };
    const sessions = [
      sessionOf({ side: 'remote', waitingMessages: 2, oldestSeconds: 1.5 }),
      sessionOf({ side: 'remote', waitingMessages: 3, oldestSeconds: 7, clientIdConflict: rival }),
    ];
    const text = await scrape(snapshotOf({ sessions }));
    const remote = (name: string) => valueOf(text, `mqttbridge_${name}`, { side: 'remote' });
    expect(['sessions', 'client_id_conflicts', 'backlog_messages', 'backlog_oldest_age_seconds'].map(remote)).toEqual([
      2, 1, 5, 7,
    ]);
    expect(valueOf(text, 'mqttbridge_sessions', { side: 'local' })).toBe(0);
    expect(valueOf(text, 'mqttbridge_backlog_oldest_age_seconds', { side: 'local' })).toBe(0);
  });

  test('says whether a newer certificate or token is wanted in vain, on either side', async () => {
    const certificate = { side: 'remote', secret: 'a', notAfter: 2_000, daysLeft: 2 } as const;
    const token = { side: 'remote', method: 'K8S-SAT', expiresAt: 3_000, minutesLeft: 1 } as const;
    const text = await scrape(
      snapshotOf({ certificates: [certificate, { ...certificate, rejected: 'no key' }], tokens: [token] }),
    );
    expect(valueOf(text, 'mqttbridge_certificate_renewal_failing', { side: 'remote' })).toBe(1);
    expect(valueOf(text, 'mqttbridge_certificate_renewal_failing', { side: 'local' })).toBeUndefined();
    expect(valueOf(text, 'mqttbridge_token_renewal_failing', { side: 'remote' })).toBe(0);
  });

  test('shows the certificate that ends first, and none where there is none', async () => {
    const certificates = [
      { side: 'remote', secret: 'a', notAfter: 2_000, daysLeft: 2 },
      { side: 'remote', secret: 'b', notAfter: 1_000, daysLeft: 1 },
    ] as const;
    const text = await scrape(snapshotOf({ certificates }));
    const name = 'mqttbridge_certificate_expiry_timestamp_seconds';
    expect(valueOf(text, name, { side: 'remote' })).toBe(1_000);
    expect(valueOf(text, name, { side: 'local' })).toBeUndefined();
    expect(valueOf(text, 'mqttbridge_certificate_days_left', { side: 'remote' })).toBe(1);
  });

  test('shows what is left of a token', async () => {
    const tokens = [{ side: 'remote', method: 'OAUTH2-JWT', expiresAt: 3_000, minutesLeft: 7.5 }] as const;
    const text = await scrape(snapshotOf({ tokens }));
    expect(valueOf(text, 'mqttbridge_token_expiry_timestamp_seconds', { side: 'remote' })).toBe(3_000);
    expect(valueOf(text, 'mqttbridge_token_minutes_left', { side: 'remote' })).toBe(7.5);
    expect(valueOf(text, 'mqttbridge_token_minutes_left', { side: 'local' })).toBeUndefined();
  });

  test('sums publish rates of the sessions that have one, and says nothing of a side without', async () => {
    const rate = { usedMessages: 10, allowedMessages: 970, usedBytes: 2_000, allowedBytes: 970_000, throttled: 1 };
    const sessions = [
      sessionOf(),
      sessionOf({ side: 'remote', publishRate: rate }),
      sessionOf({ side: 'remote', publishRate: { ...rate, allowedMessages: 300, throttled: 2 } }),
    ];
    const text = await scrape(snapshotOf({ sessions }));
    const remote = (name: string) => valueOf(text, `mqttbridge_publish_${name}`, { side: 'remote' });
    expect(remote('rate_used_messages')).toBe(20);
    expect(remote('rate_limit_messages')).toBe(1_270);
    expect(remote('rate_used_bytes')).toBe(4_000);
    expect(remote('rate_limit_bytes')).toBe(1_940_000);
    expect(remote('throttled_total')).toBe(3);
    expect(valueOf(text, 'mqttbridge_publish_rate_limit_messages', { side: 'local' })).toBeUndefined();
  });

  test('counts reports to the control plane by outcome, where there is one', async () => {
    const text = await scrape(snapshotOf({ controlPlane: controlPlaneOf() }));
    expect(valueOf(text, 'mqttbridge_control_plane_up')).toBe(1);
    expect(valueOf(text, 'mqttbridge_control_plane_reports_total', { outcome: 'Answered' })).toBe(5);
    expect(valueOf(text, 'mqttbridge_control_plane_last_answer_timestamp_seconds')).toBe(1_767_225_660);
    expect(await scrape(snapshotOf())).not.toMatch(/^mqttbridge_control_plane/m);
  });

  test('says how the API server is, where agents watch it', async () => {
    const text = await scrape(snapshotOf({ apiServer: apiServerOf() }));
    expect(valueOf(text, 'mqttbridge_api_server_up')).toBe(1);
    expect(valueOf(text, 'mqttbridge_api_server_status_writes_total', { outcome: 'Written' })).toBe(2);
    expect(await scrape(snapshotOf())).not.toMatch(/^mqttbridge_api_server/m);
  });

  test('has no series twice and only the labels of its table', async () => {
    const routes = [routeOf(), routeOf({ route: 'down', counters: countsOf({ retried: { QuotaExceeded: 1 } }) })];
    const sessions = [sessionOf(), sessionOf({ key: 'local/b', clientId: 'b' })];
    const series = (
      await scrape(snapshotOf({ routes, sessions, controlPlane: controlPlaneOf(), apiServer: apiServerOf() }))
    )
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(series).size).toBe(series.length);
    const labels = new Set(series.flatMap((line) => [...line.matchAll(/(\w+)="/g)].map((match) => match[1])));
    expect([...labels].sort()).toEqual([
      'connector',
      'direction',
      'le',
      'op',
      'outcome',
      'qos',
      'reason',
      'reason_code',
      'route',
      'side',
      'topic_map',
      'version',
    ]);
  });

  test('writes no client ID and no topic', async () => {
    const text = await scrape(snapshotOf({ sessions: [sessionOf({ clientId: 'canary-client' })] }));
    expect(text).not.toContain('canary-client');
    expect(text).not.toContain('telemetry/#');
  });

  test('keeps a strange route name inside its label', async () => {
    const text = await scrape(snapshotOf({ routes: [routeOf({ route: 'a"} 1\nevil 2 \\' })] }));
    expect(text).not.toMatch(/^evil/m);
  });
});

describe('table of metrics', () => {
  test('has every name once', () => {
    expect(new Set(METRICS.map((metric) => metric.name)).size).toBe(METRICS.length);
  });

  test.each(METRICS.map((metric) => [metric.name, metric] as const))(
    '%s reads only labels that it declares',
    (_name, metric) => {
      const declared = new Set<string>([...metric.labels, ...(metric.type === 'histogram' ? ['le'] : [])]);
      const snapshot = snapshotOf({ certificates: [{ side: 'local', secret: 's', notAfter: 1, daysLeft: -1 }] });
      for (const sample of metric.read({ snapshot, process: usage })) {
        for (const label of Object.keys(sample.labels)) expect(declared).toContain(label);
      }
    },
  );
});
