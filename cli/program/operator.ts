import { type Command, Option } from 'commander';
import type { LogLevel } from '../../agent/observe/logger.ts';
import type { Add } from './add.ts';
import { http } from './options.ts';

/** Written out, since the logger is loaded with the command only. */
const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

/** `operator`. */
export function addOperator(program: Command, add: Add): void {
  add(
    program
      .command('operator')
      .description('Run the connectors of a Kubernetes cluster as agents, and write their status, until told to stop.')
      .requiredOption('--config <file>', 'what the installation decides for all connectors, YAML or JSON')
      .option('-n, --namespace <name>', 'namespace of the connectors (default: its own)')
      .option('-A, --all-namespaces', 'connectors of all namespaces')
      .option('--kubeconfig <file>', 'reach the cluster as this file says (default: by the service account of the pod)')
      .addOption(new Option('--log-level <level>', 'how much is logged').choices(LEVELS).default('info'))
      .addOption(http('address of /livez /readyz /metrics')),
    async (options, io) => (await import('../operator.ts')).operatorCommand(options as never, io),
  );
}
