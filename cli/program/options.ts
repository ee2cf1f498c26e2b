import { type Command, Option } from 'commander';
import { parseAddress } from '../address.ts';
import { OUTPUT_FORMATS } from '../output.ts';
import { UsageError } from '../usage-error.ts';

/** `-f PATH`, needed, and as often as one likes. */
export function filename(description: string): Option {
  return anyFilename(description).makeOptionMandatory();
}

/** `-f PATH` of a command that has other ways too. */
export function anyFilename(description: string): Option {
  return new Option('-f, --filename <path>', description).argParser(
    (value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value],
  );
}

/** `-o FORMAT` of a command that prints data. */
export function output(fallback = 'table', formats: readonly string[] = OUTPUT_FORMATS): Option {
  return new Option('-o, --output <format>', 'form of the data on standard output').choices(formats).default(fallback);
}

/** `--http HOST:PORT` of a command that listens. */
export function http(description = 'address of /livez /readyz /metrics /status', port = 9600): Option {
  return new Option('--http <host:port>', description)
    .argParser(address)
    .default({ host: '127.0.0.1', port }, `127.0.0.1:${port}`);
}

function address(text: string): object {
  const parsed = parseAddress(text);
  if (parsed === undefined)
    throw new UsageError(`"${text}" is not HOST:PORT`, 'write it like 127.0.0.1:9600 or [::1]:9600');
  return parsed;
}

/** Where secrets are, and who the process is to Azure. */
export function addMounts(command: Command): Command {
  return command
    .option('--secrets-dir <dir>', 'folder with one folder per Secret', '/var/run/mqttbridge/secrets')
    .option('--configmaps-dir <dir>', 'folder with one folder per ConfigMap', '/var/run/mqttbridge/configmaps')
    .option(
      '--extension-resource-id <id>',
      'ARM resource ID of the Azure Arc extension, the root of client IDs (default: EXTENSION_ARMID)',
    )
    .option(
      '--key-vault-url <url>',
      'URL of key vaults, {name} in place of the name (default: https://{name}.vault.azure.net)',
      httpsUrl('https://{name}.vault.azure.cn'),
    );
}

/** Parses a time in seconds, greater than 0. */
export function seconds(text: string): number {
  const value = Number(text.replace(/s$/, ''));
  if (text !== '' && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`"${text}" is not a number of seconds`, 'write it like 10');
}

/** A parser of URLs that may have `{name}` in them. */
export function httpsUrl(example: string): (text: string) => string {
  return (text) => {
    const url = URL.parse(text.replace('{name}', 'name'));
    if (url?.protocol === 'https:' && url.username === '' && url.search === '') return text;
    throw new UsageError(`"${text}" is not a URL of https`, `write it like ${example}`);
  };
}

/** Which control plane, which site, and who asks. */
export function addServer(command: Command): Command {
  return command
    .option('--server <url>', 'the control plane (default: MQTTBRIDGE_SERVER)')
    .option('--site <site>', 'which of its sites (default: MQTTBRIDGE_SITE)')
    .option('--key-file <file>', 'file with the key to log on with (default: MQTTBRIDGE_KEY_FILE)')
    .option(
      '--audience <id>',
      'application ID URI to log on for with Microsoft Entra instead, as az login or this machine (default: MQTTBRIDGE_AUDIENCE)',
    );
}

/** The same for a command of which each request is bounded by itself. */
export function addConnection(command: Command): Command {
  return addServer(command).option('--timeout <seconds>', 'for one request', seconds, 30);
}
