import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** How to start the program that the demo is part of. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** What a process of the demo is started with. */
export interface StartOptions {
  readonly args: readonly string[];
  /** Nothing else: what the user's environment says about Azure is not for the demo. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its log is kept. */
  readonly logFile: string;
  /** Hears each line of the log. */
  readonly onLine: (line: string) => void;
}

/** A process that the demo started, and ends when it ends. */
export interface ProgramProcess {
  readonly process: ChildProcess;
  readonly gone: Promise<void>;
  /** The demo ends it. */
  expected: boolean;
  readonly lastLines: readonly string[];
}

const LAST_LINES = 5;

/** Starts the program in a process of its own; `--until-eof` is how it notices that the demo is gone. */
export function startProgram(program: Program, { args, env, logFile, onLine }: StartOptions): ProgramProcess {
  const child = spawn(program.command, [...program.args, ...args], {
    env,
    stdio: ['pipe', 'ignore', 'pipe'],
    // Ctrl-C in a terminal goes to the whole group of the demo, which ends its processes itself.
    detached: true,
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  const lastLines: string[] = [];
  const gone = new Promise<void>((resolve) => {
    // It comes after a failed start too.
    child.once('close', () => log.end(resolve));
  });
  child.on('error', ({ message }) => lastLines.push(message));
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.write(`${line}\n`);
    lastLines.push(line);
    if (lastLines.length > LAST_LINES) lastLines.shift();
    onLine(line);
  });
  return { process: child, gone, expected: false, lastLines };
}

/** Ends a process by a signal (SIGTERM unless told), and kills it if it is still there after `deadlineMs`. */
export async function endProgram(
  program: ProgramProcess,
  deadlineMs: number,
  signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
): Promise<void> {
  program.expected = true;
  program.process.kill(signal);
  const late = setTimeout(() => program.process.kill('SIGKILL'), deadlineMs);
  await program.gone;
  clearTimeout(late);
}

/** Runs a command of the program to its end; resolves with what it printed, rejects with what it complained of. */
export function runProgram(
  program: Program,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program.command, [...program.args, ...args], { env, timeout: 30_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trimEnd());
      else reject(new Error(`mqttbridge ${args[0]} failed: ${stderr.trim() || error.message}`));
    });
  });
}
