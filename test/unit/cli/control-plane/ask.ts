import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LoadAgent } from '../../../../cli/agent-port.ts';
import { runCli } from '../../../../cli/program.ts';
import { type ControlPlaneDouble, createControlPlaneDouble } from '../../../support/control-plane-double.ts';
import { LONG_AGO } from '../../../support/site-double.ts';
import { createTempDir } from '../../../support/temp-dir.ts';
import { type FakeIo, fakeIo } from '../fake-io.ts';

/** What a command printed and ended with. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A control plane and a command line that asks it. */
export interface Asking {
  readonly double: ControlPlaneDouble;
  readonly folder: string;
  readonly keyFile: string;
  /** Runs one command; `FOLDER` in a word is a folder of this test. */
  readonly ask: (line: string, stdin?: string) => Promise<Outcome>;
  /** Starts one that ends by a signal. */
  readonly start: (line: string) => { readonly io: FakeIo; readonly ended: Promise<Outcome> };
}

const noAgent: LoadAgent = async () => () => {
  throw new Error('no agent is wanted here');
};

/** Five minutes after everything in the double was changed. */
export const NOW = new Date(Date.parse(LONG_AGO) + 5 * 60_000);

/** An empty site, and whoever may ask it; every command has its server, site and key by the environment. */
export async function startAsking(files: Readonly<Record<string, string>> = {}): Promise<Asking> {
  const double = createControlPlaneDouble();
  const folder = await createTempDir({ onTestFinished });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const keyFile = join(await createTempDir({ onTestFinished }), 'key');
  await writeFile(keyFile, `${double.key}\n`);
  const start = (line: string, stdin = '') => {
    const io = fakeIo({
      stdin,
      env: { MQTTBRIDGE_SERVER: 'http://127.0.0.1:1', MQTTBRIDGE_SITE: double.site, MQTTBRIDGE_KEY_FILE: keyFile },
      fetch: double.fetch,
      wallClock: () => NOW,
    });
    const words = line.split(' ').map((word) => word.replaceAll('FOLDER', folder));
    const ended = runCli(words, io, noAgent).then((code) => ({ code, out: io.out(), err: io.err() }));
    return { io, ended };
  };
  return { double, folder, keyFile, ask: (line, stdin) => start(line, stdin).ended, start };
}
