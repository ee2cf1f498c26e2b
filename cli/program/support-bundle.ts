import type { Command } from 'commander';
import { type Address, parseAddress } from '../address.ts';
import { parseDuration } from '../duration.ts';
import { UsageError } from '../usage-error.ts';
import type { Add } from './add.ts';
import { addServer, anyFilename, output, seconds } from './options.ts';

/** `support-bundle`. */
export function addSupportBundle(program: Command, add: Add): void {
  const command = program
    .command('support-bundle')
    .description('Collect what somebody needs who is to help, without secrets and payloads, in one file.')
    .option('--out <file>', 'the file to make (default: mqttbridge-support-TIME.tar.gz in the bundle folder)')
    .option('--bundle-dir <dir>', 'folder for the file', '.')
    .addOption(anyFilename('file or folder of *.yaml, *.yml, *.json; may be repeated'))
    .option('--http <host:port>', 'probes of an agent; may be repeated', addresses)
    .option('--log-file <file>', 'log of an agent; may be repeated', another)
    .option('--log-age <time>', 'how far back logs and events go, such as 90m, 24h or 7d', age, 24 * 3600)
    .addOption(output())
    .option('--timeout <seconds>', 'for one request', seconds, 10);
  add(addServer(command), async (options, io) =>
    (await import('../support-bundle.ts')).supportBundleCommand(options as never, io),
  );
}

function another(file: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), file];
}

function addresses(text: string, before: readonly Address[] | undefined): readonly Address[] {
  const address = parseAddress(text);
  if (address !== undefined) return [...(before ?? []), address];
  throw new UsageError(`"${text}" is not HOST:PORT`, 'write it like 127.0.0.1:9600 or [::1]:9600');
}

function age(text: string): number {
  const parsed = parseDuration(text);
  if (parsed !== undefined) return parsed;
  throw new UsageError(`"${text}" is not a time`, 'write it like 90m, 24h or 7d');
}
