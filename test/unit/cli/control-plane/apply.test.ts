import { describe, expect, test } from 'vitest';
import { BROKEN, connectorYaml, SAMPLE, topicMapYaml } from '../sample-config.ts';
import { startAsking } from './ask.ts';

describe('apply', () => {
  test('says what became of each resource, in the words of kubectl', async () => {
    const { ask } = await startAsking({ 'a.yaml': SAMPLE });
    const created = 'mqttbridgeconnector/bridge created\nmqttbridgetopicmap/bridge-map created\n';
    expect(await ask('apply -f FOLDER')).toEqual({ code: 0, out: created, err: '' });
    const changed = connectorYaml('bridge', { local: 1, remote: 3 });
    expect((await ask('apply -f -', `${changed}---\n${topicMapYaml()}`)).out).toBe(
      'mqttbridgeconnector/bridge configured\nmqttbridgetopicmap/bridge-map unchanged\n',
    );
  });

  test('changes nothing in a dry run of the server, and says so', async () => {
    const { ask, double } = await startAsking({ 'a.yaml': SAMPLE });
    const { out } = await ask('apply -f FOLDER --dry-run=server');
    expect(out).toContain('mqttbridgeconnector/bridge created (server dry run)\n');
    expect(double.requests).toEqual(['POST sites/plant/apply?dryRun=true']);
    expect((await ask('get -o name')).out).toBe('');
  });

  test('asks nobody in a dry run of the client', async () => {
    const { ask, double } = await startAsking({
      'a.yaml': SAMPLE,
      'b.yaml': topicMapYaml('elsewhere'),
      'c.yaml': BROKEN,
    });
    const { code, out } = await ask('apply -f FOLDER/a.yaml --dry-run client');
    expect([code, out]).toEqual([
      0,
      'mqttbridgeconnector/bridge valid (client dry run)\nmqttbridgetopicmap/bridge-map valid (client dry run)\n',
    ]);
    expect(await ask('apply -f FOLDER/b.yaml --dry-run client')).toMatchObject({
      code: 0,
      err: expect.stringMatching(/b\.yaml:\d+:\d+ {2}warning {2}XR001 /) as string,
    });
    expect(await ask('apply -f FOLDER/c.yaml --dry-run client')).toMatchObject({ code: 2, out: '' });
    expect(double.requests).toEqual([]);
  });

  test('prints what the server finds where the author can see it, of several files', async () => {
    const { ask, folder } = await startAsking({
      'a.yaml': connectorYaml(),
      'b.yaml': topicMapYaml('bridge', 'factory/#'),
    });
    const { code, out, err } = await ask('apply -f FOLDER/a.yaml -f FOLDER/b.yaml');
    expect([code, out]).toEqual([2, '']);
    expect(err.replaceAll(folder, 'FOLDER')).toMatchInlineSnapshot(`
      "FOLDER/b.yaml:11:13  error  TM004  spec.routes[0].target: wildcards are not allowed in a target topic ("factory/#")
        try: leave target out to keep the source topic, or use "factory"
      error: the control plane refuses the documents; nothing was changed (422: A document breaks rules)
        try: correct them as said, and try again
      "
    `);
  });

  test.each(['json', 'yaml', 'name'])('prints -o %s', async (format) => {
    const { ask } = await startAsking({ 'a.yaml': SAMPLE });
    expect((await ask(`apply -f FOLDER -o ${format}`)).out).toMatchSnapshot();
  });

  test('of a file of other things is an error', async () => {
    const { ask } = await startAsking({ 'a.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: x }\n' });
    expect(await ask('apply -f FOLDER')).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /a\.yaml:.*YA010.*\n.*\nerror: .* holds no connector and no topic map\n {2}try: /,
      ) as string,
    });
  });

  test.each([
    ['apply -f FOLDER/missing.yaml', /missing\.yaml:1:1 {2}error {2}YA901 .*\n.*try: .*\nerror: /],
    ['apply', /required option '-f/],
    ['apply -f FOLDER --dry-run=maybe', /server, client/],
  ])('%s is refused before anybody is asked', async (line, expected) => {
    const { ask, double } = await startAsking({ 'a.yaml': SAMPLE });
    expect(await ask(line)).toMatchObject({ code: 2, err: expect.stringMatching(expected) as string });
    expect(double.requests).toEqual([]);
  });

  test('what get prints, applied again, changes nothing', async () => {
    const tricky = SAMPLE.replace('clientIdPrefix: bridge', "clientIdPrefix: 'no'").replace(
      '  name: bridge\n',
      "  name: bridge\n  labels: { country: 'NO', since: '1e3', port: '0o17', on: 'yes' }\n",
    );
    const { ask } = await startAsking({ 'a.yaml': tricky });
    await ask('apply -f FOLDER');
    for (const format of ['yaml', 'json']) {
      const { out } = await ask(`get -o ${format}`);
      expect(await ask('apply -f -', out)).toEqual({
        code: 0,
        out: 'mqttbridgeconnector/bridge unchanged\nmqttbridgetopicmap/bridge-map unchanged\n',
        err: '',
      });
    }
    const { out } = await ask('get mbc bridge -o yaml');
    expect((await ask('apply -f - --dry-run=server', out)).out).toBe(
      'mqttbridgeconnector/bridge unchanged (server dry run)\n',
    );
  });
});
