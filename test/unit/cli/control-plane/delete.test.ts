import { describe, expect, test } from 'vitest';
import { SAMPLE } from '../sample-config.ts';
import { startAsking } from './ask.ts';

async function startDefined() {
  const asking = await startAsking({ 'a.yaml': SAMPLE });
  await asking.ask('apply -f FOLDER');
  asking.double.requests.length = 0;
  return asking;
}

describe('delete', () => {
  test.each(['delete topicmap bridge-map', 'delete mbtm/bridge-map'])('%s', async (line) => {
    const { ask } = await startDefined();
    expect(await ask(line)).toEqual({ code: 0, out: 'mqttbridgetopicmap/bridge-map deleted\n', err: '' });
    expect((await ask('get -o name')).out).toBe('mqttbridgeconnector/bridge\n');
  });

  test('of a connector that topic maps refer to names them and the way out', async () => {
    const { ask } = await startDefined();
    const { code, out, err } = await ask('delete connector bridge');
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatchInlineSnapshot(`
      "MqttBridgeTopicMap/bridge-map  error  ReferencedBy  spec.mqttBridgeConnectorRef: MqttBridgeTopicMap/bridge-map refers to this connector
      error: topic maps refer to mqttbridgeconnector/bridge
        try: delete them first, or add --cascade to delete them too
      "
    `);
    expect((await ask('delete connector bridge --cascade')).code).toBe(0);
    expect((await ask('get -o name')).out).toBe('');
  });

  test('of files deletes topic maps first', async () => {
    const { ask, double } = await startDefined();
    const { out } = await ask('delete -f FOLDER/a.yaml -o json');
    expect(double.requests).toEqual([
      'DELETE sites/plant/topicmaps/bridge-map',
      'DELETE sites/plant/connectors/bridge',
    ]);
    expect(out).toMatchSnapshot();
  });

  test('of what is not there exits 3, unless that is all right', async () => {
    const { ask } = await startDefined();
    expect(await ask('delete mbc other')).toMatchObject({
      code: 3,
      err: expect.stringMatching(/there is no MqttBridgeConnector "other" \(404\)/) as string,
    });
    expect(await ask('delete mbc other --ignore-not-found')).toEqual({ code: 0, out: '', err: '' });
  });

  test('says what was deleted before one could not be', async () => {
    const { ask, double } = await startDefined();
    double.intercept = (request) =>
      request.url.endsWith('/connectors/bridge') ? new Response('', { status: 500 }) : undefined;
    const { code, out, err } = await ask('delete -f FOLDER');
    expect([code, out, err]).toEqual([
      1,
      'mqttbridgetopicmap/bridge-map deleted\n',
      expect.stringMatching(/^error: the control plane failed \(500\)\n {2}try: /),
    ]);
  });

  test.each([
    ['delete', /what is to be deleted is not said/],
    ['delete connector', /what is to be deleted is not said/],
    ['delete all x', /"all" is not a kind of resource/],
    ['delete connector x -f FOLDER', /give one of them/],
    ['delete -f FOLDER/missing.yaml', /YA901/],
  ])('%s exits 2', async (line, expected) => {
    const { ask, double } = await startDefined();
    expect(await ask(line)).toMatchObject({ code: 2, err: expect.stringMatching(expected) as string });
    expect(double.requests).toEqual([]);
  });
});
