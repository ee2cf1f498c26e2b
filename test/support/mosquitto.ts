import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type Child, type Exit, startChild } from './child.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { type MosquittoOptions, type MosquittoPorts, mosquittoConfig } from './mosquitto-config.ts';
import type { Scope } from './scope.ts';
import { createTempDir } from './temp-dir.ts';

/** A real Mosquitto on loopback ports of its own. */
export interface Mosquitto extends MosquittoPorts {
  /** `mqtt://127.0.0.1:PORT` of the plain listener. */
  readonly url: string;
  /** Folder of its configuration and persistence. */
  readonly dir: string;
  /** Everything it logged since it was first started. */
  readonly log: () => string;
  /** Ends it by a signal (SIGKILL unless told) and resolves when it is gone. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<Exit>;
  /** Starts it again on the same ports and folder, after a SIGTERM if it still runs; resolves when it answers. */
  readonly restart: () => Promise<void>;
  /** Freezes the process (SIGSTOP): connections stay open and nothing answers. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Writes everything it has to disk now (needs `persistence`); resolves when it is there. */
  readonly save: () => Promise<void>;
  /** Ends it by SIGTERM: sessions are saved if it has persistence. */
  readonly stop: () => Promise<void>;
}

const START_ATTEMPTS = 5;
// CONNECT of MQTT 3.1.1, clean session, keep alive 5 s, client ID chosen by the server.
const CONNECT = Buffer.from('100c00044d515454040200050000', 'hex');

/** Starts Mosquitto and resolves when it answers a CONNECT; it ends with the scope. */
export async function startMosquitto(scope: Scope, options: MosquittoOptions = {}): Promise<Mosquitto> {
  const dir = await createTempDir(scope, 'mosquitto');
  await writeFiles(dir, options);
  for (let attempt = 1; ; attempt++) {
    const ports = await choosePorts(options);
    await writeFile(join(dir, 'mosquitto.conf'), mosquittoConfig(dir, ports, options));
    try {
      const child = await launch(dir, ports);
      return supervise(scope, { dir, ports, child });
    } catch (error) {
      // Another process may have taken a port between the choice and the bind.
      if (attempt === START_ATTEMPTS || !String(error).includes('Address already in use')) throw error;
    }
  }
}

interface Running {
  readonly dir: string;
  readonly ports: MosquittoPorts;
  child: Child;
}

function supervise(scope: Scope, running: Running): Mosquitto {
  const { dir, ports } = running;
  const logs: Child[] = [running.child];
  scope.onTestFinished(async () => {
    await running.child.end('SIGKILL');
  });
  return {
    ...ports,
    dir,
    url: `mqtt://127.0.0.1:${ports.port}`,
    log: () => logs.map((child) => child.stderr()).join(''),
    kill: (signal = 'SIGKILL') => running.child.end(signal),
    async restart() {
      await running.child.end('SIGTERM');
      running.child = await launch(dir, ports);
      logs.push(running.child);
    },
    pause: () => running.child.signal('SIGSTOP'),
    resume: () => running.child.signal('SIGCONT'),
    async save() {
      const before = await savedFile(dir);
      running.child.signal('SIGUSR1');
      await eventually(async () => (await savedFile(dir)) !== before);
    },
    async stop() {
      await running.child.end('SIGTERM');
    },
  };
}

/** Identifies the saved state: Mosquitto renames a new file over the old one. */
async function savedFile(dir: string): Promise<string> {
  const found = await stat(join(dir, 'mosquitto.db'), { bigint: true }).catch(() => undefined);
  return found ? `${found.ino} ${found.mtimeNs}` : '';
}

async function launch(dir: string, ports: MosquittoPorts): Promise<Child> {
  const child = await startChild(findMosquitto(), ['-c', join(dir, 'mosquitto.conf')], { cwd: dir });
  try {
    // Its own log shows that it has its port: somebody else's broker would answer there too.
    const answers = async () => / running$/m.test(child.stderr()) && (await answersConnect(ports.port));
    await eventually(async () => !child.running() || answers(), { describe: child.stderr });
    if (!child.running()) {
      await child.exit;
      throw new Error(`mosquitto ended at once: ${child.stderr()}`);
    }
  } catch (error) {
    await child.end('SIGKILL');
    throw error;
  }
  return child;
}

/** True when a CONNECT gets any CONNACK: also a refused one shows that the broker works. */
function answersConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(CONNECT));
    const done = (answered: boolean) => {
      resolve(answered);
      socket.destroy();
    };
    socket.once('data', (bytes) => done(bytes[0] === 0x20));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}

async function choosePorts(options: MosquittoOptions): Promise<MosquittoPorts> {
  const { tls, websockets } = options;
  return {
    port: await freePort(),
    tlsPort: tls && (await freePort()),
    wsPort: websockets ? await freePort() : undefined,
    wssPort: websockets && tls ? await freePort() : undefined,
  };
}

async function writeFiles(dir: string, { tls, users }: MosquittoOptions): Promise<void> {
  if (tls) {
    await writeFile(join(dir, 'server.crt'), tls.certificate);
    await writeFile(join(dir, 'server.key'), tls.key, { mode: 0o600 });
    if (tls.clientCa) await writeFile(join(dir, 'client-ca.crt'), tls.clientCa);
  }
  if (!users) return;
  const path = join(dir, 'passwords');
  const lines = Object.entries(users).map(([name, password]) => `${name}:${password}\n`);
  await writeFile(path, lines.join(''), { mode: 0o600 });
  await promisify(execFile)(findProgram('mosquitto_passwd'), ['-U', path]);
}

/** Finds Mosquitto, also where Debian puts it without having it on a user's PATH. */
export function findMosquitto(): string {
  return findProgram('mosquitto');
}

function findProgram(name: string): string {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/opt/homebrew/sbin',
  ];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (!found) throw new Error(`${name} is not installed: npm test installs it, or see README`);
  return found;
}
