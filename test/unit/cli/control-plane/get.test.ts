import { describe, expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { connectorYaml, SAMPLE, topicMapYaml } from '../sample-config.ts';
import { type Asking, startAsking } from './ask.ts';
import { degradedConnector, degradedSite } from './sample-health.ts';

const SECOND = connectorYaml('second').replace('protocol: v5', 'protocol: v3');

/** Two connectors of which the first is degraded. */
async function startTrouble(): Promise<Asking> {
  const asking = await startAsking({ 'a.yaml': SAMPLE, 'b.yaml': `${SECOND}---\n${topicMapYaml('second')}` });
  await asking.ask('apply -f FOLDER');
  asking.double.health = degradedSite();
  asking.double.connectorHealth.set('bridge', degradedConnector());
  asking.double.requests.length = 0;
  return asking;
}

describe('get', () => {
  test.each([
    'get',
    'get connectors',
    'get mbtm',
    'get -o wide',
    'get topicmap/bridge-map',
    'get sites',
    'get -o name',
  ])('mqttbridge %s', async (line) => {
    const { ask } = await startTrouble();
    const { code, out, err } = await ask(line);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatchSnapshot();
  });

  test('prints one document as it was sent, and several as a list', async () => {
    const { ask } = await startTrouble();
    const one = JSON.parse((await ask('get connector bridge -o json')).out) as unknown;
    expect(one).toMatchObject({ kind: 'MqttBridgeConnector', metadata: { name: 'bridge' } });
    const { kind, items } = JSON.parse((await ask('get all -o json')).out) as { kind: string; items: unknown[] };
    expect([kind, items.length, items[0]]).toEqual(['List', 4, one]);
  });

  test('asks for the state of routes only where a connector is not healthy', async () => {
    const { ask, double } = await startTrouble();
    await ask('get mbtm');
    expect(double.requests.map((request) => request.split('?')[0])).toEqual([
      'GET sites/plant/topicmaps',
      'GET sites/plant/health',
      'GET sites/plant/connectors/bridge/health',
    ]);
  });

  test('says on standard error that there is nothing', async () => {
    const { ask } = await startAsking();
    expect(await ask('get')).toEqual({ code: 0, out: '', err: 'nothing is defined at site plant\n' });
    expect((await ask('get -o json')).out).toBe('{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": []\n}\n');
  });

  test.each([
    ['get nonsense', 2, /no kind "nonsense"\n {2}try: /],
    ['get all x', 2, /cannot be followed by a name\n {2}try: /],
    ['get mbc/x y', 2, /names two things\n {2}try: /],
    ['get -o xml', 2, /table, wide, json, yaml, name/],
    ['get mbc other', 3, /no mqttbridgeconnector\/other at site plant\n {2}try: mqttbridge get connectors/],
    ['get mbc --site no/site', 2, /no name of a site\n {2}try: /],
  ])('%s exits %d', async (line, code, expected) => {
    const { ask } = await startTrouble();
    expect(await ask(line)).toEqual({ code, out: '', err: expect.stringMatching(expected) as string });
  });

  test('with --watch prints a row when it changes and ends at Ctrl-C with 130', async () => {
    const { double, start } = await startTrouble();
    const { io, ended } = start('get connectors -w --interval 0.01');
    await eventually(() => double.requests.length > 8);
    expect(io.out().match(/\n/g)).toHaveLength(3);
    double.health = { ...degradedSite(), connectors: [] };
    await eventually(() => io.out().match(/\n/g)?.length === 5);
    io.signal('SIGINT');
    const { code, out, err } = await ended;
    expect([code, err]).toEqual([130, '']);
    expect(out).toMatchSnapshot();
  });

  test('with --watch tells of an outage once and goes on', async () => {
    const { double, start } = await startTrouble();
    const { io, ended } = start('get connectors -w --interval 0.01');
    await eventually(() => io.out().includes('second'));
    double.intercept = () => new Response('busy', { status: 502 });
    const asked = double.requests.length;
    await eventually(() => double.requests.length > asked + 3);
    double.intercept = undefined;
    double.health = { ...degradedSite(), connectors: [] };
    await eventually(() => io.out().match(/\n/g)?.length === 5);
    io.signal('SIGINT');
    expect((await ended).err).toBe('the control plane failed (502); trying again\n');
  });
});
