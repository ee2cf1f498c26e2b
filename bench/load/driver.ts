import type { ProcessPool, Running } from '../processes/pool.ts';
import type { LoadCommand, LoadReply, LoadResult, OpenCommand } from './protocol.ts';

/** The parent's side of one load process. */
export interface LoadDriver {
  readonly process: Running;
  /** Connects both ends. For a synthetic pair `listening` is called when the bridge may be started. */
  open(command: Omit<OpenCommand, 'kind'>, listening?: () => void): Promise<void>;
  /** Resolves with the time the first probe came through, in ms of the epoch. */
  probe(deadlineMs: number): Promise<number>;
  run(command: Extract<LoadCommand, { kind: 'closed' | 'paced' }>): Promise<LoadResult>;
}

const module = new URL('./main.ts', import.meta.url).pathname;

/** Starts a load process and resolves when it takes commands; its replies come one per command. */
export async function startLoad(pool: ProcessPool): Promise<LoadDriver> {
  const running = pool.fork(module);
  let onListening: () => void = () => {};
  let waiting: { resolve(reply: LoadReply): void; reject(error: Error): void } | undefined;
  running.child.on('message', (reply: LoadReply) => {
    if (reply.kind === 'listening') onListening();
    else if (reply.kind === 'failed') waiting?.reject(new Error(reply.message));
    else waiting?.resolve(reply);
  });
  running.child.once('exit', () => waiting?.reject(new Error(`the load process ended: ${running.lastWords()}`)));

  function reply(): Promise<LoadReply> {
    return new Promise((resolve, reject) => {
      waiting = { resolve, reject };
    });
  }

  function ask(command: LoadCommand): Promise<LoadReply> {
    const answer = reply();
    running.child.send(command);
    return answer;
  }

  await reply();

  return {
    process: running,
    async open(command, listening = () => {}) {
      onListening = listening;
      await ask({ kind: 'open', ...command });
    },
    async probe(deadlineMs) {
      const reply = await ask({ kind: 'probe', deadlineMs });
      if (reply.kind !== 'probed') throw new Error(`unexpected reply ${reply.kind} to probe`);
      return reply.firstAt;
    },
    async run(command) {
      const reply = await ask(command);
      if (reply.kind !== 'result') throw new Error(`unexpected reply ${reply.kind} to ${command.kind}`);
      return reply.result;
    },
  };
}
