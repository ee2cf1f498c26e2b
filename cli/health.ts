import type { ConnectorHealth, SiteHealth } from '../shared/api/health.ts';
import { connect, type ConnectionFlags } from './control-plane-client/connect.ts';
import { watch, watchExitCode } from './control-plane-client/watch.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData } from './output.ts';
import { connectorHealthTable, siteHealthTable } from './views/health-tables.ts';
import { reasonLines } from './views/reasons.ts';
import { createChangedRows, tableText } from './views/table.ts';

export interface HealthOptions extends ConnectionFlags {
  readonly output: OutputFormat;
  readonly watch?: boolean;
  readonly interval: number;
}

/** `mqttbridge health`: verdicts of a site or of one connector, with reasons and what to do; exit code 1 unless Healthy. */
export async function healthCommand(options: HealthOptions, io: Io, connector?: string): Promise<ExitCode> {
  const client = connect(options, io);
  const ask = () => (connector === undefined ? client.siteHealth() : client.connectorHealth(connector));
  if (options.watch === true) return watchHealth(ask, options, io);
  const health = await ask();
  await printData(io, options.output, {
    data: health,
    table: () => `${tableText(tableOf(health, io))}${blankBefore(reasonsOf(health))}`,
  });
  return health.verdict === 'Healthy' ? EXIT.ok : EXIT.runtime;
}

type Health = SiteHealth | ConnectorHealth;

async function watchHealth(ask: () => Promise<Health>, options: HealthOptions, io: Io): Promise<ExitCode> {
  const changedRows = createChangedRows();
  let last = '';
  const look = async () => {
    const health = await ask();
    if (options.output === 'table') return io.stdout.write(changedRows(tableOf(health, io)));
    const steady = JSON.stringify(steadyPart(health));
    if (steady === last) return;
    if (last !== '' && options.output === 'yaml') io.stdout.write('---\n');
    last = steady;
    await printData(io, options.output, { data: health, table: () => '' });
  };
  return watchExitCode(await watch({ interval: options.interval, look }, io));
}

/** What changes only when something happens: time passes in the rest, and what was never judged begins now. */
function steadyPart(health: Health): object {
  return { ...health, judgedAt: undefined, ...(health.judgedAt === undefined ? { since: undefined } : {}) };
}

function tableOf(health: Health, io: Io) {
  const now = io.wallClock();
  return health.kind === 'SiteHealth' ? siteHealthTable(health, now) : connectorHealthTable(health, now);
}

function reasonsOf(health: Health): string {
  if (health.kind === 'ConnectorHealth' || health.connectors.length === 0) return reasonLines(health.reasons);
  return health.connectors.map(({ connector, reasons }) => reasonLines(reasons, connector)).join('');
}

function blankBefore(text: string): string {
  return text === '' ? '' : `\n${text}`;
}
