import { setTimeout as pause } from 'node:timers/promises';
import type { BridgeTask, Lab } from '../contenders/contender.ts';
import { createFlow } from '../load/flow.ts';
import { openClient, subscribe } from '../load/wire.ts';
import { startMosquitto } from '../processes/mosquitto.ts';
import { openDesk } from '../processes/desk.ts';
import { freePorts } from '../processes/ports.ts';
import { renderText } from '../report/table.ts';
import { type Delays, type Receipt, splitDelays } from './delays.ts';
import { openStage } from './stage.ts';

// node bench/renewal/main.ts [SECONDS]: delays of QoS 1 messages while tokens are renewed on the live connection.
const seconds = Number(process.argv[2] ?? 30);
const RATE = 1_000;
const TOKEN_SECONDS = 3;
const WARM_MS = 3_000;
/** What still follows the broker's answer: its way to the agent. */
const AFTER_MS = 5;
const TOPIC = 'bench/renewal';

const { pool, folder } = openDesk();
process.exitCode = await run({ pool, folder, node: process.execPath, nodeOptions: [] });

async function run(lab: Lab): Promise<number> {
  const stage = await openStage(TOKEN_SECONDS);
  const [sourcePort = 0] = await freePorts(1);
  await startMosquitto(lab, { port: sourcePort, nodelay: true });
  const shape = { version: 5, qos: 1, payloadBytes: 128, userProperties: 0 } as const;
  const task: BridgeTask = {
    sourcePort,
    targetPort: stage.port,
    shape,
    topics: [TOPIC],
    window: 1_000,
    nodelay: true,
  };
  const agent = stage.start(lab, task);
  const producer = await openClient(sourcePort, 5, 'producer');
  const consumer = await openClient(stage.port, 5, 'consumer');
  await subscribe(consumer, 5, TOPIC, 1);
  const options = { shape, topics: [TOPIC], receiveMaximum: 60_000, ringSlots: 4_096 };
  const flow = createFlow(options, producer, consumer);
  const receipts: Receipt[] = [];
  flow.onArrival(() => {
    const receivedAt = performance.now();
    for (const delay of flow.takeLatencies()) receipts.push({ sentAt: receivedAt - delay, receivedAt });
  });
  while (stage.renewals.length < 2) await pause(10);
  flow.keepLatencies(true);
  const began = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * RATE) / 1_000) - flow.sent;
    if (due > 0) flow.send(Math.min(due, flow.room));
  }, 1);
  await pause(WARM_MS + seconds * 1_000);
  clearInterval(timer);
  const until = performance.now() + 5_000;
  while (flow.tally.distinct < flow.sent && performance.now() < until) await pause(10);

  const measured = receipts.filter(({ sentAt }) => sentAt > began + WARM_MS);
  const renewals = stage.renewals
    .filter(({ from }) => from > began + WARM_MS)
    .map(({ from, to }) => ({ from, to: to + AFTER_MS }));
  const { during, without } = splitDelays(measured, renewals);
  const lost = flow.sent - flow.tally.distinct;
  console.log(report(renewals.length, { during, without }, lost));
  if (lost > 0) console.error(agent.lastWords());
  await pool.stopAll();
  producer.destroy();
  consumer.destroy();
  await stage.close();
  return lost === 0 && renewals.length > 0 ? 0 : 1;
}

function report(renewals: number, delays: { during: Delays; without: Delays }, lost: number): string {
  const row = (name: string, { messages, p50, p99, largest }: Delays) => [
    name,
    String(messages),
    p50.toFixed(2),
    p99.toFixed(2),
    largest.toFixed(2),
  ];
  const title = `Delays in ms at ${RATE} msg/s, QoS 1, with ${renewals} renewals of the token in ${seconds} s; lost ${lost}`;
  const head = ['messages under way', 'number', 'p50', 'p99', 'largest'];
  const rows = [head, row('during a renewal', delays.during), row('without one', delays.without)];
  return renderText({ title, rows });
}
