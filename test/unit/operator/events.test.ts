import { expect, test } from 'vitest';
import { CONNECTORS, type StoredObject, type WrittenObject } from '../../../kubernetes/object.ts';
import { createRecorder } from '../../../operator/publish/events.ts';
import { SILENT } from '../../support/silent-logger.ts';

const ABOUT: StoredObject = {
  apiVersion: CONNECTORS.apiVersion,
  kind: CONNECTORS.kind,
  metadata: { name: 'edge', namespace: 'default', uid: 'u', resourceVersion: '7' },
};

function stage({ fails = false } = {}) {
  let now = 0;
  const written: WrittenObject[] = [];
  const recorder = createRecorder({
    client: {
      async create(_kind, object) {
        if (fails) throw new Error('no');
        written.push(object);
        return ABOUT;
      },
    },
    clock: { now: () => now, wall: () => Date.parse('2026-01-01T00:00:00Z') + now, after: () => () => undefined },
    logger: SILENT,
    identity: 'operator-12345',
  });
  const say = (reason: string) => recorder.record(ABOUT, [{ type: 'Warning', reason, message: `${reason}.` }]);
  return { recorder, written, say, pass: (ms: number) => void (now += ms) };
}

test('events - say what happened to which object', async () => {
  const { recorder, written, say } = stage();
  say('SecretMissing');
  await recorder.idle();
  expect(written).toMatchObject([
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: 'default' },
      involvedObject: { kind: 'MqttBridgeConnector', name: 'edge', uid: 'u' },
      type: 'Warning',
      reason: 'SecretMissing',
      message: 'SecretMissing.',
      count: 1,
      firstTimestamp: '2026-01-01T00:00:00Z',
    },
  ]);
  expect(written[0]?.metadata.name).toMatch(/^edge\.[0-9a-f.]+$/);
});

test('events - are not repeated within ten minutes', async () => {
  const { recorder, written, say, pass } = stage();
  say('A');
  say('A');
  pass(599_000);
  say('A');
  say('B');
  pass(2_000);
  say('A');
  await recorder.idle();
  expect(written.map((event) => (event as unknown as { reason: string }).reason)).toEqual(['A', 'B', 'A']);
});

test('events - beyond a hundred at once are left out, and one a second is not', async () => {
  const { recorder, written, say, pass } = stage();
  for (let index = 0; index < 300; index++) say(`R${index}`);
  await recorder.idle();
  expect(written).toHaveLength(100);
  for (let index = 300; index < 310; index++) {
    pass(1_000);
    say(`R${index}`);
  }
  await recorder.idle();
  expect(written).toHaveLength(110);
  expect(new Set(written.map(({ metadata }) => metadata.name)).size).toBe(110);
});

test('events - that cannot be written keep nobody waiting', async () => {
  const { recorder, say } = stage({ fails: true });
  say('A');
  say('B');
  await expect(recorder.idle()).resolves.toBeUndefined();
});
