import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { arch, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Address } from './address.ts';
import { CommandError } from './command-error.ts';
import { connect, type ConnectionFlags } from './control-plane-client/connect.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData } from './output.ts';
import { type Archive, attempt, createArchive } from './support-bundle/archive.ts';
import { type Cleaner, createCleaner } from './support-bundle/clean.ts';
import { collectAgents } from './support-bundle/collect-agents.ts';
import { collectConfig } from './support-bundle/collect-config.ts';
import { collectControlPlane } from './support-bundle/collect-control-plane.ts';
import { collectLogs } from './support-bundle/collect-logs.ts';
import { tarOf } from './support-bundle/tar.ts';
import { packageVersion } from './version.ts';

export interface SupportBundleOptions extends ConnectionFlags {
  readonly out?: string;
  readonly bundleDir: string;
  readonly filename?: readonly string[];
  readonly http?: readonly Address[];
  readonly logFile?: readonly string[];
  /** Seconds. */
  readonly logAge: number;
  readonly output: OutputFormat;
}

/** `mqttbridge support-bundle`: what somebody needs who is to help, without secrets and payloads, in one file. */
export async function supportBundleCommand(options: SupportBundleOptions, io: Io): Promise<ExitCode> {
  const time = io.wallClock();
  const file = options.out ?? join(options.bundleDir, `mqttbridge-support-${stampOf(time)}.tar.gz`);
  const cleaner = createCleaner(await ownSecrets(options, io));
  const archive = createArchive();
  await collect(archive, { options, io, cleaner, since: new Date(time.getTime() - options.logAge * 1000) });
  const failures = archive.failures.map(({ source, why }) => ({
    source: cleaner.text(source),
    why: cleaner.text(why),
  }));
  const manifest = {
    apiVersion: 'mqttbridge/v1',
    kind: 'SupportBundle',
    time: time.toISOString(),
    version: packageVersion(),
    platform: { node: io.nodeVersion, os: platform(), release: release(), arch: arch(), memoryBytes: totalmem() },
    files: archive.contents,
    failures,
  };
  const content = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const tar = tarOf([{ name: 'manifest.json', content }, ...archive.entries], time);
  await writeNew(file, await promisify(gzip)(tar));
  for (const { source, why } of failures) io.stderr.write(`not collected: ${source}: ${why}\n`);
  const data = { apiVersion: 'mqttbridge/v1', kind: 'SupportBundleFile', file, files: archive.contents, failures };
  await printData(io, options.output, { data, table: () => `${file}\n` });
  return EXIT.ok;
}

interface Collecting {
  readonly options: SupportBundleOptions;
  readonly io: Io;
  readonly cleaner: Cleaner;
  readonly since: Date;
}

async function collect(archive: Archive, { options, io, cleaner, since }: Collecting): Promise<void> {
  const { filename = [], http = [], logFile = [], timeout } = options;
  if (filename.length > 0) await attempt(archive, filename.join(', '), () => collectConfig(archive, filename, cleaner));
  await collectAgents(archive, http, { fetch: io.fetch, timeoutMs: timeout * 1000, cleaner });
  if (options.server !== undefined || io.env.MQTTBRIDGE_SERVER) {
    await collectControlPlane(archive, connect(options, io), { cleaner, since });
  }
  await collectLogs(archive, logFile, { cleaner, since });
}

/** The key this command logs on with is known, so it is recognized wherever it stands. */
async function ownSecrets({ keyFile }: SupportBundleOptions, { env }: Io): Promise<string[]> {
  const file = keyFile ?? env.MQTTBRIDGE_KEY_FILE;
  if (!file) return [];
  // Who cannot read it is told so when it is used.
  const text = await readFile(file, 'utf8').catch(() => '');
  return [text.trim()];
}

/** For its owner only, and never over or through something that is there. */
async function writeNew(file: string, content: Buffer): Promise<void> {
  try {
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
    const handle = await open(file, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CommandError(`cannot make ${file}: ${why}`, {
      advice: 'name a new file in a folder that can be written',
      exitCode: EXIT.runtime,
    });
  }
}

function stampOf(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
