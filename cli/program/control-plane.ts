import { type Command, Option } from 'commander';
import { needEmbeddedDatabase } from '../embedded-database.ts';
import { UsageError } from '../usage-error.ts';
import type { Add } from './add.ts';
import { http } from './options.ts';

/** `control-plane run`. */
export function addControlPlane(program: Command, add: Add): void {
  const group = program
    .command('control-plane')
    .description('The control plane on this machine, for development and single-machine use.');
  const reportInterval = new Option('--report-interval <seconds>', 'how often agents are told to report (default: 30)');
  add(
    group
      .command('run')
      .description('Serve the control plane, with its data in one folder, until told to stop.')
      .addOption(http('address to serve at', 7071))
      .option('--data <dir>', 'folder of definitions, history and keys; made when missing', 'mqttbridge-data')
      .option(
        '--admin-key-file <file>',
        "administrator's key; made when missing (default: admin.key in the data folder)",
      )
      .addOption(reportInterval.argParser(interval))
      .option('--once-ready <file>', 'write {"http":"host:port","adminKeyFile":"path"} to this file once it serves')
      .option('--until-eof', 'stop when standard input ends, as it does when the process that holds it dies'),
    async (options, io) => {
      await needEmbeddedDatabase();
      return (await import('../control-plane.ts')).controlPlaneCommand(options as never, io);
    },
  );
}

// The bounds are those of the app: REPORT_INTERVAL_SECONDS in shared/api/report.ts, which would load all of zod here.
function interval(text: string): number {
  const value = Number(text);
  if (/^\d{1,4}$/.test(text) && value >= 1 && value <= 3600) return value;
  throw new UsageError(`"${text}" is not a report interval`, 'write 1 to 3600 seconds');
}
