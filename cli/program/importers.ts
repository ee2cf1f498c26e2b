import { type Command, Option } from 'commander';
import { UsageError } from '../usage-error.ts';
import type { Add } from './add.ts';
import { filename, output } from './options.ts';

/** `import`. */
export function addImport(program: Command, add: Add): void {
  add(
    program
      .command('import')
      .description('Turn bridges of other programs into connectors and topic maps, and list what cannot be carried.')
      .addOption(filename('file or folder of *.conf, *.yaml, *.yml, *.json; "-" for standard input; may be repeated'))
      .addOption(
        new Option('--from <format>', 'what the files are')
          .choices(['auto', 'e4k', 'mosquitto', 'dataflow'])
          .default('auto'),
      )
      .option('--name <name>', 'name of the connector, where the files define one (default: as the source calls it)')
      .option('-n, --namespace <namespace>', 'namespace of the resources (default: that of the source, or none)')
      .option('--levels <levels>', 'levels carried behind a prefix that is cut off', levels, 6)
      .addOption(output('yaml'))
      .option('--out <dir>', 'write one file per connector into this folder')
      .option('--warnings-as-errors', 'exit 1 when something is not carried, or in another way'),
    async (options, io) => (await import('../import.ts')).importCommand(options as never, io),
  );
}

function levels(text: string): number {
  const value = Number(text);
  if (/^\d{1,2}$/.test(text) && value >= 1 && value <= 15) return value;
  throw new UsageError(`"${text}" is not a number of levels`, 'write 1 to 15');
}
