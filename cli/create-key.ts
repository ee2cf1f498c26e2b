import { open, rm } from 'node:fs/promises';
import { type NewKey, newKeySchema } from '../shared/api/grants.ts';
import type { ControlPlaneClient } from './control-plane-client/client.ts';
import { connect, type ConnectionFlags } from './control-plane-client/connect.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData } from './output.ts';
import { UsageError } from './usage-error.ts';

export interface CreateKeyOptions extends ConnectionFlags {
  readonly role: string;
  readonly connector?: string;
  readonly out: string;
  readonly output: OutputFormat;
}

/** `mqttbridge create-key`: a key for an agent, a person or a pipeline, which goes into a file and nowhere else. */
export async function createKeyCommand(options: CreateKeyOptions, io: Io, id?: string): Promise<ExitCode> {
  const { role, connector, out } = options;
  const wanted = newKeySchema.safeParse({ role, ...(id === undefined ? {} : { id }), ...(connector && { connector }) });
  if (!wanted.success) {
    const [issue] = wanted.error.issues;
    throw new UsageError(`${issue?.path.join('.')}: ${issue?.message}`, 'mqttbridge create-key --help');
  }
  const { grant } = await createInto(out, connect(options, io), wanted.data);
  const data = { apiVersion: 'mqttbridge/v1', kind: 'KeyFile', file: out, grant };
  await printData(io, options.output, { data, table: () => `grant/${grant.id} created, its key is in ${out}\n` });
  return EXIT.ok;
}

/** The file comes first: a key that could not be written down would be lost. */
async function createInto(path: string, client: ControlPlaneClient, wanted: NewKey) {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`cannot make ${path}: ${why}`, 'name a new file in a folder that can be written');
  });
  let written = false;
  try {
    const created = await client.createKey(wanted);
    await file.writeFile(`${created.key}\n`);
    written = true;
    return created;
  } finally {
    await file.close();
    if (!written) await rm(path, { force: true });
  }
}
