import { readFile } from 'node:fs/promises';
import type { TlsOptions } from 'node:tls';
import type { EmulatorConfig } from '../local/emulator/config.ts';
import type { EventGridEmulator } from '../local/emulator/emulator.ts';
import { emulatorFromConfig } from '../local/emulator/from-config.ts';
import type { EventGridProfileName } from '../local/emulator/profiles.ts';
import { readEmulatorConfig } from '../local/emulator/read-config.ts';
import { formatAddress } from './address.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { createSignalQueue } from './signals.ts';
import { UsageError } from './usage-error.ts';

export interface EmulatorOptions {
  readonly profile: EventGridProfileName;
  readonly host: string;
  readonly port?: number;
  readonly webSocketPort?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly config?: string;
}

/** `mqttbridge emulator`: a broker that behaves as Event Grid's, until a signal comes; its events are lines on standard error. */
export async function emulatorCommand(options: EmulatorOptions, io: Io): Promise<ExitCode> {
  const config = await readConfig(options.config);
  const tls = await readTls(options, config);
  const report = (event: object): void => {
    io.stderr.write(`${JSON.stringify({ time: io.wallClock().toISOString(), ...event })}\n`);
  };
  const emulator = emulatorFromConfig(options.profile, config, {
    wallClock: () => io.wallClock().getTime(),
    undelivered: (count, detail) => report({ kind: 'eventsUndelivered', count, detail }),
  });
  emulator.log.on(report);
  const signals = createSignalQueue(io);
  try {
    for (const url of await listen(emulator, options, tls)) {
      io.stdout.write(`${emulator.settings.name} listens on ${url}\n`);
    }
  } catch (error) {
    io.stderr.write(`error: ${messageOf(error)}\n`);
    await emulator.close();
    return EXIT.runtime;
  }
  const signal = await signals.next();
  await emulator.close();
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
}

async function listen(
  emulator: EventGridEmulator,
  { host, port, webSocketPort }: EmulatorOptions,
  tls: TlsOptions | undefined,
): Promise<string[]> {
  const secure = tls === undefined ? {} : { tls };
  const socket = await emulator.listen({ host, port: port ?? (tls === undefined ? 1883 : 8883), ...secure });
  const urls = [`${tls === undefined ? 'mqtt' : 'mqtts'}://${formatAddress(socket)}`];
  if (webSocketPort === undefined) return urls;
  const webSocket = await emulator.listen({ host, port: webSocketPort, webSocket: true, ...secure });
  return [...urls, `${tls === undefined ? 'ws' : 'wss'}://${formatAddress(webSocket)}/mqtt`];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`, 'name a file that can be read');
  }
}

async function readConfig(path: string | undefined): Promise<EmulatorConfig> {
  const read = readEmulatorConfig(path === undefined ? '' : await readText(path));
  if (read.kind === 'config') return read.config;
  const problems = read.problems.map((problem) => `\n  ${problem}`).join('');
  throw new UsageError(`${path} is not valid:${problems}`, 'docs/reference/emulator.md describes the file');
}

async function readTls({ tlsCert, tlsKey }: EmulatorOptions, config: EmulatorConfig): Promise<TlsOptions | undefined> {
  const wantsCertificates = config.authentication?.certificates !== undefined;
  if (tlsCert === undefined && tlsKey === undefined) {
    if (!wantsCertificates) return undefined;
    throw new UsageError('clients can only show certificates over TLS', 'give --tls-cert and --tls-key');
  }
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new UsageError('a certificate and its key go together', 'give both --tls-cert and --tls-key');
  }
  return {
    cert: await readText(tlsCert),
    key: await readText(tlsKey),
    minVersion: 'TLSv1.2',
    // The service takes any certificate in the handshake and decides about the client in CONNECT.
    ...(wantsCertificates ? { requestCert: true, rejectUnauthorized: false } : {}),
  };
}
