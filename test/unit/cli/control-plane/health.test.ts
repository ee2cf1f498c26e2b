import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../../../support/eventually.ts';
import { SAMPLE } from '../sample-config.ts';
import { startAsking } from './ask.ts';
import { degradedConnector, degradedSite, sampleEvents } from './sample-health.ts';

async function startTrouble() {
  const asking = await startAsking({ 'a.yaml': SAMPLE });
  await asking.ask('apply -f FOLDER');
  asking.double.health = degradedSite();
  asking.double.connectorHealth.set('bridge', degradedConnector());
  asking.double.events.push(...sampleEvents());
  asking.double.requests.length = 0;
  return asking;
}

const HEALTHY = { ...degradedConnector(), verdict: 'Healthy', reasons: [] } as const;

describe('health', () => {
  test.each(['health', 'health bridge'])('%s exits 1 where something is wrong, and says what to do', async (line) => {
    const { ask } = await startTrouble();
    const { code, out, err } = await ask(line);
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatchSnapshot();
  });

  test.each(['Degraded', 'Unhealthy', 'Stale', 'Unknown', 'Healthy'] as const)('of %s', async (verdict) => {
    const { ask, double } = await startTrouble();
    double.health = { ...degradedSite(), verdict };
    expect((await ask('health')).code).toBe(verdict === 'Healthy' ? 0 : 1);
  });

  test('is data too, with the same exit code', async () => {
    const { ask } = await startTrouble();
    const { code, out } = await ask('health bridge -o yaml');
    expect([code, parse(out)]).toEqual([1, degradedConnector()]);
  });

  test('of a connector that is not defined exits 3', async () => {
    const { ask } = await startTrouble();
    expect((await ask('health other')).code).toBe(3);
  });

  test('with --watch prints what changes', async () => {
    const { double, start } = await startTrouble();
    const { io, ended } = start('health bridge -w --interval 0.01');
    await eventually(() => double.requests.length > 5);
    const before = io.out();
    double.connectorHealth.set('bridge', { ...HEALTHY, reasons: [] });
    await eventually(() => io.out().length > before.length);
    io.signal('SIGINT');
    expect((await ended).code).toBe(130);
    expect(io.out().slice(before.length)).toBe('mqttbridgeconnector/bridge  Healthy    3m\n');
  });
});

describe('events', () => {
  test('are listed, the oldest first', async () => {
    const { ask } = await startTrouble();
    expect((await ask('events')).out).toMatchSnapshot();
  });

  test('are chosen by connector and age', async () => {
    const { ask, double } = await startTrouble();
    expect(await ask('events --connector other')).toEqual({ code: 0, out: '', err: 'no events\n' });
    expect((await ask('events --since 4m -o json')).out.match(/"id"/g)).toHaveLength(2);
    expect(double.requests.at(-1)).toBe('GET sites/plant/events?since=2026-01-01T00%3A01%3A00.000Z&limit=100');
  });

  test('come from as many pages as it takes', async () => {
    const { ask, double } = await startTrouble();
    const [first] = sampleEvents();
    double.events.push(...Array.from({ length: 1200 }, (_, index) => ({ ...first, id: `e${index}` }) as never));
    const { items } = JSON.parse((await ask('events --limit 1100 -o json')).out) as { items: { id: string }[] };
    expect([items.length, items.at(-1)?.id]).toEqual([1100, 'c']);
    expect(double.requests).toHaveLength(3);
  });

  test('with --watch are told once each, also one that was found out late', async () => {
    const { double, start } = await startTrouble();
    const { io, ended } = start('events -w -o json --interval 0.01');
    await eventually(() => double.requests.length > 3);
    const [newest] = sampleEvents();
    double.events.splice(1, 0, { ...newest, id: 'late', at: '2026-01-01T00:01:59.500Z' } as never);
    await eventually(() => io.out().includes('late'));
    io.signal('SIGINT');
    expect((await ended).code).toBe(130);
    const ids = io
      .out()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect(ids).toEqual(['a', 'b', 'c', 'late']);
  });

  test('shows what an agent or a broker wrote, and never obeys it', async () => {
    const { ask, double } = await startTrouble();
    const [newest] = sampleEvents();
    const reasons = [{ reason: 'Other', message: '\u001b[2Jgone\nerror: \u202efake', fix: '\u0007rm' }];
    double.events.unshift({ ...newest, id: 'x', reasons });
    double.connectorHealth.set('bridge', { ...degradedConnector(), reasons });
    for (const line of ['events', 'health bridge', 'describe mbc bridge'])
      expect((await ask(line)).out.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });
});

describe('describe', () => {
  test('says everything about a connector and what to do next', async () => {
    const { ask } = await startTrouble();
    const { code, out, err } = await ask('describe connector bridge');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatchSnapshot();
  });

  test('gives it as data', async () => {
    const { ask } = await startTrouble();
    expect(JSON.parse((await ask('describe mbc/bridge -o json')).out)).toMatchObject({
      apiVersion: 'mqttbridge/v1',
      kind: 'ConnectorDescription',
      connector: { kind: 'MqttBridgeConnector' },
      topicMaps: [{ kind: 'MqttBridgeTopicMap' }],
      health: { verdict: 'Degraded' },
      events: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
    });
  });

  test.each([
    ['describe connector other', 3],
    ['describe topicmap bridge-map', 2],
    ['describe connector', 2],
  ])('%s exits %d', async (line, code) => {
    const { ask } = await startTrouble();
    expect(await ask(line)).toMatchObject({
      code,
      out: '',
      err: expect.stringMatching(/^error: .*\n {2}try: /) as string,
    });
  });
});

describe('wait', () => {
  test('ends when the connector is healthy with what is defined now', async () => {
    const { double, start } = await startTrouble();
    const [instance] = degradedConnector().instances;
    const healthy = { ...HEALTHY, reasons: [], instances: [{ ...instance, revision: 'old' }] } as never;
    double.connectorHealth.set('bridge', healthy);
    const { io, ended } = start('wait --for=condition=Ready mbc/bridge --interval 0.01');
    await eventually(() => double.requests.length > 6);
    expect(io.out()).toBe('');
    double.connectorHealth.set('bridge', { ...HEALTHY, reasons: [], instances: [instance] });
    expect(await ended).toEqual({ code: 0, out: 'mqttbridgeconnector/bridge condition met\n', err: '' });
  });

  test('exits 4 when it takes too long, and says why', async () => {
    const { ask } = await startTrouble();
    const { code, out, err } = await ask('wait bridge --for verdict=Healthy --timeout 1s --interval 0.01');
    expect([code, out]).toEqual([4, '']);
    expect(err).toMatchInlineSnapshot(`
      "QuotaExceeded (instance 1, remote side): the remote broker allows no more sessions for this client
        try: raise maximumClientSessionsPerAuthenticationName of the namespace
      error: verdict=Healthy is not true after 1 s: mqttbridgeconnector/bridge is Degraded, and what is defined now does not run on instance 1
        try: mqttbridge describe connector bridge
      "
    `);
  });

  test('exits 4 also where the server takes longer than there is time', async () => {
    const { ask, double } = await startTrouble();
    double.intercept = () => new Promise<Response>(() => undefined);
    expect(await ask('wait bridge --for verdict=Healthy --timeout 0.05s')).toMatchObject({
      code: 4,
      err: expect.stringContaining('is of unknown health') as string,
    });
  });

  test('does not take a judgement from before the last change', async () => {
    const { ask, double } = await startTrouble();
    const old = { ...degradedConnector(), judgedAt: '2025-12-31T23:59:59.000Z' };
    double.connectorHealth.set('bridge', old);
    const { code, err } = await ask('wait bridge --for verdict=Degraded --timeout 1 --interval 0.01');
    expect([code, err]).toEqual([
      4,
      expect.stringContaining('verdict=Degraded is not true after 1 s: mqttbridgeconnector/bridge is Degraded'),
    ]);
  });

  test.each([
    ['wait bridge --for=delete', 2, /nothing to wait for/],
    ['wait mbtm bridge-map --for verdict=Healthy', 2, /only a connector/],
    ['wait other --for verdict=Healthy', 3, /no mqttbridgeconnector\/other/],
    ['wait bridge', 2, /required option '--for/],
    ['wait bridge --for verdict=Healthy --timeout soon', 2, /not a time/],
  ])('%s exits %d', async (line, code, expected) => {
    const { ask } = await startTrouble();
    expect(await ask(line)).toMatchObject({ code, err: expect.stringMatching(expected) as string });
  });
});
