import type { Command } from 'commander';
import type { Add } from './add.ts';
import { http } from './options.ts';

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
      .addOption(http('address of /livez /readyz /metrics')),
    async (options, io) => (await import('../operator.ts')).operatorCommand(options as never, io),
  );
}
