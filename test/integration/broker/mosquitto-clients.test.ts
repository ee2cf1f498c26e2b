import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { startBroker } from './support/broker.ts';

type Child = ChildProcessByStdio<null, Readable, Readable>;

function run(command: string, port: number, args: readonly string[]): Child {
  const child = spawn(command, ['-h', '127.0.0.1', '-p', `${port}`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill());
  return child;
}

async function outputOf(child: Child): Promise<string> {
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, 'close');
  expect(child.exitCode).toBe(0);
  return output;
}

test.each(
  (['mqttv311', 'mqttv5'] as const).flatMap((version) => ([0, 1, 2] as const).map((qos) => ({ version, qos }))),
)('mosquitto_pub and mosquitto_sub exchange a message at QoS $qos with $version', async ({ version, qos }) => {
  const { broker, port } = await startBroker();
  const common = ['-V', version, '-q', `${qos}`];
  const subscribed = broker.events.next('subscribed');
  const subscriber = outputOf(run('mosquitto_sub', port, [...common, '-t', 'plant/#', '-C', '1', '-F', '%t %q %p']));
  await subscribed;
  await outputOf(run('mosquitto_pub', port, [...common, '-t', 'plant/1', '-m', 'hello']));
  expect(await subscriber).toBe(`plant/1 ${qos} hello\n`);
});

test('mosquitto_sub sees MQTT 5 properties and a retained message', async () => {
  const { port } = await startBroker();
  const properties = ['-D', 'publish', 'content-type', 'text/plain', '-D', 'publish', 'user-property', 'k', 'v'];
  await outputOf(run('mosquitto_pub', port, ['-V', 'mqttv5', '-q', '1', '-r', '-t', 'a', '-m', 'x', ...properties]));
  const output = outputOf(run('mosquitto_sub', port, ['-V', 'mqttv5', '-t', 'a', '-C', '1', '-F', '%r %C %P %p']));
  expect(await output).toBe('1 text/plain k:v x\n');
});

test('mosquitto_sub resumes its persistent session', async () => {
  const { broker, port } = await startBroker();
  const session = ['-V', 'mqttv5', '-i', 'keeper', '-c', '-q', '1', '-t', 'a', '-x', '60'];
  const left = broker.events.next('disconnected');
  await outputOf(run('mosquitto_sub', port, [...session, '-E']));
  await left;
  broker.publish({ topic: 'a', payload: 'kept', qos: 1 });
  expect(await outputOf(run('mosquitto_sub', port, [...session, '-C', '1']))).toBe('kept\n');
});
