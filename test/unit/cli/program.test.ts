import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { LoadAgent } from '../../../cli/agent-port.ts';
import { runCli } from '../../../cli/program.ts';
import { fakeIo } from './fake-io.ts';
import { BROKEN, connectorYaml, folderOf, SAMPLE, topicMapYaml } from './sample-config.ts';

interface Row {
  readonly line: string;
  readonly code: number;
  readonly stdin?: string;
  readonly out?: RegExp;
  readonly err?: RegExp;
}

// FOLDER stands for a folder with good.yaml, broken.yaml and a folder `two` with two connectors.
const ROWS: readonly Row[] = [
  { line: '--help', code: 0, out: /^Usage: mqttbridge/, err: /^$/ },
  { line: 'help validate', code: 0, out: /^Usage: mqttbridge validate/ },
  { line: 'version', code: 0, out: /^\d+\.\d+\.\d+\n$/ },
  { line: '--version', code: 0, out: /^\d+\.\d+\.\d+\n$/ },
  { line: 'schema', code: 0, out: /"oneOf"/ },
  { line: 'schema mqttbridgeconnector', code: 0, out: /"title": "MqttBridgeConnector"/ },
  { line: 'schema --crd', code: 0, out: /"kind": "List"[^]*mqttbridgeconnectors[^]*mqttbridgetopicmaps/ },
  { line: 'schema MqttBridgeTopicMap --crd -o yaml', code: 0, out: /^ +singular: mqttbridgetopicmap$/m },
  { line: 'schema MqttBridgeTopicMap', code: 0, out: /"MqttBridgeTopicMap"/ },
  { line: 'schema mqttbridgeconnector -o yaml', code: 0, out: /^title: MqttBridgeConnector$/m },
  { line: 'validate -f FOLDER/good.yaml', code: 0, out: /^$/, err: /^ok: 1 connector, 1 topic map, 1 route\n$/ },
  { line: 'validate -f FOLDER/two', code: 0, err: /^ok: 2 connectors/ },
  { line: 'validate -f FOLDER/two/a.yaml -f FOLDER/two/b.yaml', code: 0, err: /^ok: 2 connectors/ },
  { line: 'validate -f -', code: 0, stdin: SAMPLE, err: /^ok: 1 connector/ },
  { line: 'validate -f FOLDER/good.yaml -o json', code: 0, out: /"valid": true/, err: /^$/ },

  {
    line: 'explain -f FOLDER/good.yaml -t telemetry/a',
    code: 0,
    out: /^bridge-map\/up +local-to-remote +factory\/telemetry\/a +1 +Keep /m,
  },
  { line: 'explain -f FOLDER/good.yaml -t $SYS/x', code: 0, out: /^bridge: 0 of 1 routes forward it$/m },
  { line: 'explain -f FOLDER/good.yaml -t a --direction remote-to-local', code: 0, out: /^bridge: 0 of 0 routes/ },
  { line: 'explain -f FOLDER/good.yaml -t a -o json', code: 0, out: /"kind": "TopicExplanation"/ },

  {
    line: 'check -f FOLDER/broken.yaml',
    code: 2,
    out: /^configuration\n {2}\[fail\] configuration .* TM004 spec\.routes\[0\]\.target: /m,
  },
  {
    line: 'check -f FOLDER/two --connector third',
    code: 3,
    err: /no connector has that name\n {2}try: one of first, second/,
  },

  { line: '', code: 2, out: /^$/, err: /^Usage: mqttbridge/ },
  { line: 'unknown', code: 2, out: /^$/, err: /unknown command 'unknown'/ },
  { line: 'validate', code: 2, out: /^$/, err: /required option '-f, --filename <path>'/ },
  { line: 'validate -f FOLDER -o xml', code: 2, err: /table, json, yaml/ },
  { line: 'validate -f FOLDER --nope', code: 2, err: /unknown option '--nope'/ },
  { line: 'validate -f FOLDER extra', code: 2, err: /too many arguments/ },
  { line: 'schema Nope', code: 2, err: /no kind "Nope"\n {2}try: / },
  { line: 'run -f FOLDER --http 9600', code: 2, err: /"9600" is not HOST:PORT\n {2}try: / },
  { line: 'run -f FOLDER --instance -1', code: 2, err: /slot number\n {2}try: / },
  { line: 'run', code: 2, err: /configuration is missing\n {2}try: give -f PATH, or --control-plane URL/ },
  { line: 'run -f FOLDER --control-plane https://x.test', code: 2, err: /-f and --control-plane exclude each other/ },
  { line: 'run --control-plane https://x.test --connector a', code: 2, err: /--control-plane needs --site\n {2}try: / },
  { line: 'control-plane run --http 7071', code: 2, err: /"7071" is not HOST:PORT\n {2}try: / },
  { line: 'control-plane run --report-interval 0', code: 2, err: /"0" is not a report interval\n {2}try: / },
  { line: 'demo --for soon', code: 2, err: /number of seconds\n {2}try: / },
  { line: 'explain -t a', code: 2, err: /what is to be explained is not said\n {2}try: give -f PATH, or --server/ },
  { line: 'explain -f FOLDER/good.yaml', code: 2, err: /required option '-t, --topic <topic>'/ },
  { line: 'explain -f FOLDER/good.yaml -t a --direction both', code: 2, err: /local-to-remote, remote-to-local/ },

  {
    line: 'validate -f FOLDER/broken.yaml',
    code: 2,
    out: /broken\.yaml:26:13 {2}error {2}TM004 .*\n {2}try: /,
    err: /^invalid: 1 error/,
  },
  { line: 'validate -f FOLDER/missing.yaml', code: 2, out: /missing\.yaml:1:1 {2}error {2}YA901 /, err: /^invalid/ },
  { line: 'explain -f FOLDER/broken.yaml -t a', code: 2, out: /^$/, err: /TM004/ },
  { line: 'explain -f FOLDER/good.yaml -t a --connector other', code: 2, err: /no connector "other"\n {2}try: / },
  { line: 'run -f FOLDER/broken.yaml', code: 2, err: /TM004/ },
  { line: 'validate -f -', code: 2, stdin: '{', out: /^stdin:1:/ },
  { line: 'validate -f -', code: 2, stdin: '', out: /XR901/, err: /^invalid/ },
  { line: 'validate -f FOLDER/broken.yaml -o json', code: 2, out: /"rule": "TM004"/ },
];

const noAgent: LoadAgent = async () => () => {
  throw new Error('no agent is wanted here');
};

async function commandLine(line: string): Promise<string[]> {
  if (!line.includes('FOLDER')) return line === '' ? [] : line.split(' ');
  const folder = await folderOf({ 'good.yaml': SAMPLE, 'broken.yaml': BROKEN });
  const two = await folderOf({ 'a.yaml': connectorYaml('first'), 'b.yaml': connectorYaml('second') });
  return line.split(' ').map((word) => word.replace('FOLDER/two', two).replace('FOLDER', folder));
}

describe('command line', () => {
  test.each(ROWS)('mqttbridge $line exits $code', async ({ line, code, stdin, out, err }) => {
    const io = fakeIo(stdin === undefined ? {} : { stdin });
    expect({ code: await runCli(await commandLine(line), io, noAgent), out: io.out(), err: io.err() }).toMatchObject({
      code,
      ...(out === undefined ? {} : { out: expect.stringMatching(out) as string }),
      ...(err === undefined ? {} : { err: expect.stringMatching(err) as string }),
    });
  });

  test.each([
    '',
    ' validate',
    ' import',
    ' explain',
    ' check',
    ' run',
    ' schema',
    ' demo',
    ' emulator',
    ' version',
    ' apply',
    ' get',
    ' describe',
    ' delete',
    ' diff',
    ' health',
    ' events',
    ' wait',
    ' create-key',
    ' control-plane run',
    ' support-bundle',
  ])('help of mqttbridge%s', async (name) => {
    const io = fakeIo();
    await runCli([...name.split(' ').filter(Boolean), '--help'], io, noAgent);
    await expect(io.out()).toMatchFileSnapshot(`help/mqttbridge${name.replaceAll(' ', '-')}.txt`);
  });

  test('gives the same data as JSON and as YAML', async () => {
    const folder = await folderOf({ 'a.yaml': `${connectorYaml()}---\n${topicMapYaml()}` });
    const [json, yaml] = [fakeIo(), fakeIo()];
    await runCli(['validate', '-f', join(folder, 'a.yaml'), '-o', 'json'], json, noAgent);
    await runCli(['validate', '-f', join(folder, 'a.yaml'), '-o', 'yaml'], yaml, noAgent);
    const data = JSON.parse(json.out()) as unknown;
    expect(parse(yaml.out())).toEqual(data);
    expect(data).toMatchObject({
      apiVersion: 'mqttbridge/v1',
      kind: 'ValidationResult',
      valid: true,
      problems: [],
      connectors: [{ name: 'bridge', topicMaps: 1, routes: 1 }],
    });
  });
});
