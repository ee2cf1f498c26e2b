import { type Command, Option } from 'commander';
import type { LoadAgent } from '../agent-port.ts';
import { UsageError } from '../usage-error.ts';
import type { Add } from './add.ts';
import { addMounts, anyFilename, http, seconds } from './options.ts';

/** Stories of `demo --fault`. */
const FAULTS = ['quota', 'token', 'kill', 'cut', 'throttle'];

/** Commands that run agents. */
export function addRunners(program: Command, add: Add, loadAgent: LoadAgent): void {
  const run = program
    .command('run')
    .description('Run the bridge until it is told to stop; changes of its configuration are applied while it runs.')
    .addOption(anyFilename('file or folder of *.yaml, *.yml, *.json; may be repeated'))
    .option(
      '--connector <name>',
      'connector to run; needed with --control-plane and --kubernetes, and when the files hold several',
    )
    .addOption(http())
    .option(
      '--instance <k>',
      'this is instance K of several, counted from 0: run slot K, and those of dead ones (default: run all slots alone)',
      wholeNumber,
    )
    .option('--once-ready <file>', 'write {"http":"host:port"} to this file when every route is ready')
    .option('--until-eof', 'stop when standard input ends, as it does when the process that holds it dies');
  add(addMounts(addKubernetes(addControlPlane(run))), async (options, io) =>
    (await import('../run.ts')).runCommand(options as never, io, await loadAgent()),
  );
  add(
    program
      .command('demo')
      .description('Bridge an embedded broker and an Event Grid emulator with sample traffic and show what happens.')
      .addOption(new Option('--fault <story>', 'play a fault, tell what happens, and end').choices(FAULTS))
      .option('--for <seconds>', 'end by itself after this long (default: at Ctrl-C)', seconds)
      .addOption(http('address of the probes of instance 0; the other one takes the next port')),
    async (options, io) => (await import('../demo.ts')).demoCommand(options as never, io),
  );
}

/** Where the configuration comes from instead of files. */
function addControlPlane(command: Command): Command {
  return command
    .option('--control-plane <url>', 'get the configuration from this control plane, and report to it, instead of -f')
    .option('--site <name>', 'site of this agent at the control plane')
    .option('--control-plane-key-file <file>', 'file with the key to log on to the control plane with')
    .option(
      '--control-plane-audience <uri>',
      'log on with a token for this audience, of the managed or federated identity, instead of a key',
    )
    .option('--data <dir>', 'folder for the last good configuration from elsewhere', '/var/lib/mqttbridge');
}

function addKubernetes(command: Command): Command {
  return command
    .option(
      '--kubernetes',
      'watch the configuration at the API server of a cluster, and write its status, instead of -f',
    )
    .option('--namespace <name>', 'namespace of the connector (default: that of the service account or kubeconfig)')
    .option('--kubeconfig <file>', 'how to reach the API server (default: by the service account of the pod)');
}

function wholeNumber(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not a slot number`, 'slots count from 0 to bridgeInstances - 1');
}
