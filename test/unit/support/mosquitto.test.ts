import { expect, test } from 'vitest';
import { startMosquitto } from '../../support/mosquitto.ts';

test('mosquitto - starts, restarts on the same port and stops', async (t) => {
  const broker = await startMosquitto(t);
  const { port } = broker;
  await broker.restart();
  expect(broker.port).toBe(port);
  await broker.stop();
  expect(broker.log()).toContain('terminating');
});

test('mosquitto - accepts only the protocol versions asked for', async (t) => {
  const broker = await startMosquitto(t, { websockets: true, users: { a: 'b' }, persistence: 1, debug: true });
  expect(broker.log()).toContain('running');
  console.log(broker.log());
});
