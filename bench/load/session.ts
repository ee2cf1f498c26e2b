import { openSynthetic } from '../synthetic/ends.ts';
import { createFlow, type Flow } from './flow.ts';
import { routeTopics } from './frames.ts';
import { probe } from './probe.ts';
import type { LoadCommand, LoadReply, OpenCommand } from './protocol.ts';
import { runClosed, runPaced } from './run.ts';
import { type Ends, openClient, subscribe } from './wire.ts';

/** Answers the commands of the parent process, one at a time; keeps the connections between them. `notify` sends what is not an answer. */
export function createLoadSession(notify: (reply: LoadReply) => void): (command: LoadCommand) => Promise<LoadReply> {
  let opened: { open: OpenCommand; ends: Ends; flow: Flow; topics: string[] } | undefined;

  async function open(command: OpenCommand): Promise<LoadReply> {
    const topics = routeTopics(command.routes);
    const ends =
      command.role === 'client'
        ? await openClients(command)
        : await openSynthetic(command, () => notify({ kind: 'listening' }));
    const ringSlots = 4 * Math.max(command.window, topics.length);
    const { shape } = command;
    const flow = createFlow(
      { shape, topics, ringSlots, receiveMaximum: ends.receiveMaximum },
      ends.producer,
      ends.consumer,
    );
    opened = { open: command, ends, flow, topics };
    return { kind: 'opened' };
  }

  return async (command) => {
    if (command.kind === 'open') return open(command);
    if (!opened) throw new Error(`${command.kind} before open`);
    const { flow, ends, topics } = opened;
    if (command.kind === 'probe') {
      const firstAt = await probe(flow, ends.producer, opened.open.shape, topics, command.deadlineMs);
      return { kind: 'probed', firstAt };
    }
    if (command.kind === 'paced') return { kind: 'result', result: await runPaced(flow, command) };
    // Mosquitto writes packet by packet; the load must not pay a read for each. Synthetic peers write in batches.
    if (opened.open.role === 'client') for (const wire of [ends.producer, ends.consumer]) wire.coalesce(1);
    return { kind: 'result', result: await runClosed(flow, command) };
  };
}

async function openClients(command: OpenCommand): Promise<Ends> {
  const { version, qos } = command.shape;
  const consumer = await openClient(command.targetPort, version, 'bench-consumer');
  await subscribe(consumer, version, 'bench/#', qos);
  const producer = await openClient(command.sourcePort, version, 'bench-producer');
  return { producer, consumer, receiveMaximum: 60_000 };
}
