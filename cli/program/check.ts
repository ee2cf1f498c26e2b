import { type Command, Option } from 'commander';
import { UsageError } from '../usage-error.ts';
import type { Add } from './add.ts';
import { addMounts, filename, httpsUrl, output, seconds } from './options.ts';

/** `check`. */
export function addCheck(program: Command, add: Add): void {
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
  add(addMounts(check), async (options, io) => (await import('../check.ts')).checkCommand(options as never, io));
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
