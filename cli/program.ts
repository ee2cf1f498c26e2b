import { Command, CommanderError, Option } from 'commander';
import { parseAddress } from './address.ts';
import type { CreateAgent } from './agent-port.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { OUTPUT_FORMATS } from './output.ts';
import { UsageError } from './usage-error.ts';
import { packageVersion } from './version.ts';

/** Runs one command line (without the program's own name) and says what to exit with; throws only on a defect. */
export async function runCli(argv: readonly string[], io: Io, loadAgent: LoadAgent): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = createProgram(io, loadAgent, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return failure(error, io);
  }
}

/** Loads the agent's code; called by the commands that run one, and by no other. */
export type LoadAgent = () => Promise<CreateAgent>;

/** Stories of `demo --fault`. */
const FAULTS = ['quota', 'token', 'kill', 'cut', 'throttle'];

type Report = (code: ExitCode) => void;
type Options = Readonly<Record<string, unknown>>;

/** Runs a command with parsed options; the command's module is loaded only then, so that each command starts small. */
type Run = (options: Options, io: Io, operand?: string) => Promise<ExitCode>;

function createProgram(io: Io, loadAgent: LoadAgent, report: Report): Command {
  const program = new Command('mqttbridge')
    .description('Bridges two MQTT brokers as MqttBridgeConnector and MqttBridgeTopicMap resources say.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns,
      getErrHelpWidth: () => io.stderr.columns,
      getOutHasColors: () => io.stdout.isTTY && !io.env.NO_COLOR,
      getErrHasColors: () => io.stderr.isTTY && !io.env.NO_COLOR,
    })
    .showHelpAfterError('(run with --help for the options)')
    .helpCommand(true);
  const add = (command: Command, run: Run): void => {
    command.action(async (...received: unknown[]) => {
      const operand = typeof received[0] === 'string' ? received[0] : undefined;
      report(await run(command.opts(), io, operand));
    });
  };
  addReaders(program, add);
  addCheck(program, add);
  addRunners(program, add, loadAgent);
  addEmulator(program, add);
  return program;
}

type Add = (command: Command, run: Run) => void;

function addReaders(program: Command, add: Add): void {
  add(
    program
      .command('validate')
      .description('Check configuration files and print every problem.')
      .addOption(filename('file or folder of *.yaml, *.yml, *.json; "-" for standard input; may be repeated'))
      .addOption(output()),
    async (options, io) => (await import('./validate.ts')).validateCommand(options as never, io),
  );
  add(
    program
      .command('explain')
      .description('Say what happens to a message: routes that match, final topic, QoS, retain, and why not.')
      .addOption(filename('file or folder; "-" for standard input; may be repeated'))
      .requiredOption('-t, --topic <topic>', 'topic of the message')
      .addOption(
        new Option('--direction <direction>', 'only routes of this direction').choices([
          'local-to-remote',
          'remote-to-local',
        ]),
      )
      .option('--connector <name>', 'only this connector')
      .addOption(output()),
    async (options, io) => (await import('./explain.ts')).explainCommand(options as never, io),
  );
  add(
    program
      .command('schema')
      .description('Print the JSON Schema of a resource, for editors.')
      .argument('[kind]', 'MqttBridgeConnector or MqttBridgeTopicMap; both when left out')
      .addOption(output('json')),
    async (options, io, kind) => (await import('./schema.ts')).schemaCommand({ ...options, kind } as never, io),
  );
  add(program.command('version').description('Print the version.').addOption(output()), async (options, io) =>
    (await import('./version-command.ts')).versionCommand(options as never, io),
  );
}

function addCheck(program: Command, add: Add): void {
  const check = program
    .command('check')
    .description('Ask both brokers whether a bridge would work, before it runs or while it does.')
    .addOption(filename('file or folder; "-" for standard input; may be repeated'))
    .option('--connector <name>', 'only this connector')
    .option('--resource-name <pattern>', 'only connectors with such a name; * stands for any text')
    .addOption(output())
    .option('--as-object', 'print JSON in the form of `az iot ops check --as-object`')
    .addOption(detailLevel())
    .option('--warnings-as-errors', 'exit 1 for warnings too')
    .option('--timeout <seconds>', 'for all checks together', seconds, 30)
    .option('--probe-topic <topic>', 'publish one message there to see whether that is permitted')
    .option('--source-queue <messages>', 'how many messages the source broker queues for one client', messages)
    .option('--namespace-id <id>', 'ARM resource ID of the Event Grid namespace, to read its settings')
    .option('--subscription <id>', 'Azure subscription to look for the namespace in')
    .option(
      '--management-endpoint <url>',
      'Azure Resource Manager',
      httpsUrl('https://management.azure.com'),
      'https://management.azure.com',
    );
  add(addMounts(check), async (options, io) => (await import('./check.ts')).checkCommand(options as never, io));
}

/** Where secrets are, and who the process is to Azure. */
function addMounts(command: Command): Command {
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

function detailLevel(): Option {
  return new Option('--detail-level <level>', '0: the verdicts, 1: each route and reason, 2: what they rest on')
    .choices(['0', '1', '2'])
    .default(0)
    .argParser((text: string) => {
      if (/^[012]$/.test(text)) return Number(text);
      throw new UsageError(`"${text}" is not a detail level`, 'levels are 0, 1 and 2');
    });
}

function messages(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not a number of messages`, 'write it like 1000');
}

function addRunners(program: Command, add: Add, loadAgent: LoadAgent): void {
  const run = program
    .command('run')
    .description('Run the bridge until it is told to stop; changed files are applied while it runs.')
    .addOption(filename('file or folder of *.yaml, *.yml, *.json; may be repeated'))
    .option('--connector <name>', 'connector to run, when the files hold several')
    .addOption(http())
    .option(
      '--instance <k>',
      'this is instance K of several, counted from 0: run slot K, and those of dead ones (default: run all slots alone)',
      wholeNumber,
    )
    .option('--once-ready <file>', 'write {"http":"host:port"} to this file when every route is ready')
    .option('--until-eof', 'stop when standard input ends, as it does when the process that holds it dies');
  add(addMounts(run), async (options, io) =>
    (await import('./run.ts')).runCommand(options as never, io, await loadAgent()),
  );
  add(
    program
      .command('demo')
      .description('Bridge an embedded broker and an Event Grid emulator with sample traffic and show what happens.')
      .addOption(new Option('--fault <story>', 'play a fault, tell what happens, and end').choices(FAULTS))
      .option('--for <seconds>', 'end by itself after this long (default: at Ctrl-C)', seconds)
      .addOption(http('address of the probes of instance 0; the other one takes the next port')),
    async (options, io) => (await import('./demo.ts')).demoCommand(options as never, io),
  );
}

function addEmulator(program: Command, add: Add): void {
  const profile = new Option('--profile <name>', 'which service, and as of when')
    .choices(['eventgrid', 'eventgrid-2026', 'eventgrid-2023'])
    .default('eventgrid');
  add(
    program
      .command('emulator')
      .description("Be a broker that behaves as Event Grid's, with its limits, until told to stop.")
      .addOption(profile)
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .option('--port <port>', 'port, 0 for a free one (default: 1883, with TLS 8883)', port)
      .option('--web-socket-port <port>', 'port for MQTT over WebSocket at path /mqtt (default: none)', port)
      .option('--tls-cert <file>', 'certificate of the server with its chain, PEM; without it there is no TLS')
      .option('--tls-key <file>', 'its private key, PEM')
      .option('--config <file>', 'clients, topic spaces, permissions and limits, YAML or JSON'),
    async (options, io) => (await import('./emulator.ts')).emulatorCommand(options as never, io),
  );
}

function filename(description: string): Option {
  return new Option('-f, --filename <path>', description)
    .argParser((value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value])
    .makeOptionMandatory();
}

function output(fallback: (typeof OUTPUT_FORMATS)[number] = 'table'): Option {
  return new Option('-o, --output <format>', 'form of the data on standard output')
    .choices(OUTPUT_FORMATS)
    .default(fallback);
}

function http(description = 'address of /livez /readyz /metrics /status'): Option {
  return new Option('--http <host:port>', description)
    .argParser(address)
    .default({ host: '127.0.0.1', port: 9600 }, '127.0.0.1:9600');
}

function address(text: string): object {
  const parsed = parseAddress(text);
  if (parsed === undefined)
    throw new UsageError(`"${text}" is not HOST:PORT`, 'write it like 127.0.0.1:9600 or [::1]:9600');
  return parsed;
}

function wholeNumber(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not a slot number`, 'slots count from 0 to bridgeInstances - 1');
}

function port(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`"${text}" is not a port`, 'ports are 0 to 65535');
}

function seconds(text: string): number {
  const value = Number(text.replace(/s$/, ''));
  if (text !== '' && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`"${text}" is not a number of seconds`, 'write it like 10');
}

/** A parser of URLs that may have `{name}` in them. */
function httpsUrl(example: string): (text: string) => string {
  return (text) => {
    const url = URL.parse(text.replace('{name}', 'name'));
    if (url?.protocol === 'https:' && url.username === '' && url.search === '') return text;
    throw new UsageError(`"${text}" is not a URL of https`, `write it like ${example}`);
  };
}

function failure(error: unknown, io: Io): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError) {
    io.stderr.write(`error: ${error.message}\n  try: ${error.advice}\n`);
    return EXIT.usage;
  }
  throw error;
}
