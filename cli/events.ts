import type { HealthEvent } from '../shared/api/health.ts';
import type { ControlPlaneClient, EventFilter } from './control-plane-client/client.ts';
import { connect, type ConnectionFlags } from './control-plane-client/connect.ts';
import { watch, watchExitCode } from './control-plane-client/watch.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { columnWidths, type OutputFormat, printData, textTable } from './output.ts';
import { plainText } from './control-plane-client/plain-text.ts';
import { EVENTS_HEADER, eventRow, eventsTable } from './views/events-table.ts';
import { tableText } from './views/table.ts';
import { yamlDocument } from './views/yaml-documents.ts';

export interface EventsOptions extends ConnectionFlags {
  readonly connector?: string;
  /** Seconds back from now. */
  readonly since?: number;
  readonly limit: number;
  readonly output: OutputFormat;
  readonly watch?: boolean;
  readonly interval: number;
}

/** An event may be found out late: Event Grid tells of a session when it likes. */
const LATE_MS = 10 * 60_000;

/** `mqttbridge events`: what happened at a site, the oldest first. */
export async function eventsCommand(options: EventsOptions, io: Io): Promise<ExitCode> {
  const client = connect(options, io);
  const filter = filterOf(options, io);
  if (options.watch === true) return watchEvents(client, { options, filter, io });
  const items = (await client.events(filter)).toReversed();
  await printData(io, options.output, {
    data: { apiVersion: 'mqttbridge/v1', kind: 'EventList', items },
    table: () => tableText(eventsTable(items)),
  });
  if (items.length === 0 && options.output === 'table') io.stderr.write('no events\n');
  return EXIT.ok;
}

function filterOf({ connector, since, limit }: EventsOptions, io: Io): EventFilter {
  const start = since === undefined ? undefined : new Date(io.wallClock().getTime() - since * 1000).toISOString();
  return { connector, since: start, limit };
}

interface Watching {
  readonly options: EventsOptions;
  readonly filter: EventFilter;
  readonly io: Io;
}

async function watchEvents(client: ControlPlaneClient, { options, filter, io }: Watching): Promise<ExitCode> {
  const print = eventPrinter(options.output, io);
  let told = new Set<string>();
  let { since } = filter;
  const look = async () => {
    const events = await client.events({ ...filter, since });
    for (const event of events.toReversed()) if (!told.has(event.id)) await print(event);
    // By the clock of the server alone, and not before the time that was asked for.
    told = events.length === 0 ? told : new Set(events.map(({ id }) => id));
    since = laterOf(since, events[0]);
  };
  return watchExitCode(await watch({ interval: options.interval, look }, io));
}

function laterOf(since: string | undefined, newest: HealthEvent | undefined): string | undefined {
  if (newest === undefined) return since;
  const candidate = Date.parse(newest.at) - LATE_MS;
  return since !== undefined && Date.parse(since) >= candidate ? since : new Date(candidate).toISOString();
}

function eventPrinter(format: OutputFormat, io: Io): (event: HealthEvent) => Promise<void> | void {
  switch (format) {
    case 'json':
      // One line each, as a reader of an endless stream needs it.
      return (event) => io.stdout.write(`${JSON.stringify(event)}\n`);
    case 'yaml':
      return async (event) => io.stdout.write(`---\n${await yamlDocument(event)}`);
    case 'table': {
      let widths: number[] | undefined;
      return (event) => {
        const row = eventRow(event).map(plainText);
        const rows = widths === undefined ? [EVENTS_HEADER, row] : [row];
        widths = columnWidths(rows, widths ?? [24, 'SessionDisconnected'.length, 24, 'Healthy -> Unhealthy'.length]);
        io.stdout.write(textTable(rows, widths));
      };
    }
  }
}
