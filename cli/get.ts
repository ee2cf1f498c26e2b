import type { ConnectorHealth, SiteHealth } from '../shared/api/health.ts';
import { KIND_OF } from '../shared/api/names.ts';
import type { Collection } from '../shared/api/names.ts';
import { type ControlPlaneClient, type ListedResource } from './control-plane-client/client.ts';
import { connect, connectWithoutSite, type ConnectionFlags } from './control-plane-client/connect.ts';
import { type Listing, listingOf, resourceLabel, splitOperands } from './control-plane-client/kinds.ts';
import { watch, watchExitCode } from './control-plane-client/watch.ts';
import { CommandError } from './command-error.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { UsageError } from './usage-error.ts';
import { connectorsTable } from './views/connectors-table.ts';
import { grantsTable } from './views/grants-table.ts';
import { createChangedRows, type Table, tableText } from './views/table.ts';
import { connectorOf, topicMapsTable } from './views/topic-maps-table.ts';
import { yamlDocument } from './views/yaml-documents.ts';

/** What `get -o` takes. */
export type GetFormat = 'table' | 'wide' | 'json' | 'yaml' | 'name';

export interface GetOptions extends ConnectionFlags {
  readonly output: GetFormat;
  readonly watch?: boolean;
  readonly interval: number;
}

/** `mqttbridge get`: definitions of a site, as a table with their state or as documents that can be applied again. */
export async function getCommand(options: GetOptions, io: Io, first?: string, second?: string): Promise<ExitCode> {
  const { kind = 'all', name } = splitOperands(first, second);
  const listing = listingOf(kind);
  if (name !== undefined && listing !== 'connectors' && listing !== 'topicmaps')
    throw new UsageError(`"${kind}" cannot be followed by a name`, 'connector NAME or topicmap NAME');
  const print = printerOf({ listing, name, options, io });
  if (options.watch !== true) {
    await print();
    return EXIT.ok;
  }
  return watchExitCode(await watch({ interval: options.interval, look: print }, io));
}

function printerOf({ listing, name, options, io }: Task<Listing>): () => Promise<void> {
  if (listing === 'sites') return sitesPrinter(options, io);
  if (listing === 'grants') return grantsPrinter(options, io);
  return resourcesPrinter({ listing, name, options, io });
}

/** Prints all sites, and each time it is called again those that are new. */
function sitesPrinter(options: GetOptions, io: Io): () => Promise<void> {
  const client = connectWithoutSite(options, io);
  const printer = createPrinter(options, io);
  const tell = createTeller(io);
  return async () => {
    const names = await client.listSites();
    const items = names.map((name) => ({ name }));
    const data = { apiVersion: 'mqttbridge/v1', kind: 'SiteList', items };
    const tables = [{ header: ['NAME'], rows: names.map((name) => [name]) }];
    await printer({ data, labels: names.map((name) => `site/${name}`), tables });
    tell(names.length === 0 ? 'there are no sites' : undefined);
  };
}

/** Prints who may do what, and each time it is called again what is new about it. */
function grantsPrinter(options: GetOptions, io: Io): () => Promise<void> {
  const client = connect(options, io);
  const printer = createPrinter(options, io);
  const tell = createTeller(io);
  return async () => {
    const items = await client.listGrants();
    const data = { apiVersion: 'mqttbridge/v1', kind: 'GrantList', items };
    await printer({ data, labels: items.map(({ id }) => `grant/${id}`), tables: [grantsTable(items, io.wallClock())] });
    tell(items.length === 0 ? `nobody has a grant at site ${client.site}` : undefined);
  };
}

interface Task<L> {
  readonly listing: L;
  readonly name: string | undefined;
  readonly options: GetOptions;
  readonly io: Io;
}

/** Prints resources, and each time it is called again what is new about them. */
function resourcesPrinter({ listing, name, options, io }: Task<Collection | 'all'>): () => Promise<void> {
  const client = connect(options, io);
  const printer = createPrinter(options, io);
  const collections: readonly Collection[] = listing === 'all' ? ['connectors', 'topicmaps'] : [listing];
  const tell = createTeller(io);
  return async () => {
    const found = await Promise.all(collections.map((collection) => chosen(client, collection, name)));
    const resources = found.flat().map(({ resource }) => resource);
    const labels = collections.flatMap((collection, index) =>
      (found[index] ?? []).map((item) => resourceLabel(KIND_OF[collection], item.name)),
    );
    // What kubectl prints, and applies.
    const data = name === undefined ? { apiVersion: 'v1', kind: 'List', items: resources } : (resources[0] ?? {});
    const tables = isTable(options.output) ? await tablesOf({ client, collections, found, options, io }) : [];
    await printer({ data, labels, tables });
    tell(labels.length === 0 ? `nothing is defined at site ${client.site}` : undefined);
  };
}

/** Makes a function that tells something on standard error unless it was told just before. */
function createTeller(io: Io): (text: string | undefined) => void {
  let last: string | undefined;
  return (text) => {
    if (text !== undefined && text !== last) io.stderr.write(`${text}\n`);
    last = text;
  };
}

async function chosen(client: ControlPlaneClient, collection: Collection, name: string | undefined) {
  const items = await client.list(collection);
  if (name === undefined) return items;
  const item = items.find((one) => one.name === name);
  if (item !== undefined) return [item];
  throw new CommandError(`there is no ${resourceLabel(KIND_OF[collection], name)} at site ${client.site}`, {
    advice: `mqttbridge get ${collection} lists what there is`,
    exitCode: EXIT.notFound,
  });
}

interface Found {
  readonly client: ControlPlaneClient;
  readonly collections: readonly Collection[];
  readonly found: readonly (readonly ListedResource[])[];
  readonly options: GetOptions;
  readonly io: Io;
}

async function tablesOf({ client, collections, found, options, io }: Found): Promise<Table[]> {
  if (found.flat().length === 0) return [];
  const health = await client.siteHealth();
  const view = { health, wide: options.output === 'wide', now: io.wallClock() };
  const tables = collections.map(async (collection, index) => {
    const items = found[index] ?? [];
    if (collection === 'connectors') return connectorsTable({ ...view, connectors: items });
    return topicMapsTable({ ...view, topicMaps: items, details: await detailsOf(client, items, health) });
  });
  return Promise.all(tables);
}

/** Health of the connectors of topic maps, as far as the health of the site does not say it all. */
async function detailsOf(
  client: ControlPlaneClient,
  topicMaps: readonly ListedResource[],
  { connectors }: SiteHealth,
): Promise<ConnectorHealth[]> {
  const wanted = new Set(topicMaps.map(({ resource }) => connectorOf(resource)));
  const troubled = connectors.filter(({ connector, verdict }) => wanted.has(connector) && verdict !== 'Healthy');
  const details: ConnectorHealth[] = [];
  for (const { connector } of troubled) details.push(await client.connectorHealth(connector));
  return details;
}

type Printer = (content: Content) => Promise<void>;

interface Content {
  readonly data: object;
  readonly labels: readonly string[];
  readonly tables: readonly Table[];
}

function isTable(format: GetFormat): format is 'table' | 'wide' {
  return format === 'table' || format === 'wide';
}

/** Prints all of the first content, and of the ones that follow in a watch what is new. */
function createPrinter({ output: format, watch: watching = false }: GetOptions, io: Io): Printer {
  const printers: ((table: Table) => string)[] = [];
  let last: string | undefined;
  return async ({ data, labels, tables }) => {
    if (isTable(format)) {
      const texts = tables.map((table, index) =>
        watching ? (printers[index] ??= createChangedRows())(table) : tableText(table),
      );
      io.stdout.write(texts.filter(Boolean).join(last === undefined ? '\n' : ''));
      last = '';
      return;
    }
    const text = await TEXTS[format](data, labels);
    if (text !== last) io.stdout.write(last !== undefined && format === 'yaml' ? `---\n${text}` : text);
    last = text;
  };
}

const TEXTS: Readonly<
  Record<'json' | 'yaml' | 'name', (data: object, labels: readonly string[]) => string | Promise<string>>
> = {
  json: (data) => `${JSON.stringify(data, null, 2)}\n`,
  yaml: yamlDocument,
  name: (_, labels) => labels.map((label) => `${label}\n`).join(''),
};
