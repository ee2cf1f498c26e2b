import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import type { KubeObject } from '../kubernetes/api-server/object.ts';
import { execute, type Templates } from './evaluate.ts';
import { type Node, parseTemplate } from './parse.ts';
import { type Dict, isDict } from './value.ts';

/** What a chart is rendered for, and with. */
export interface Installation {
  readonly release?: string;
  readonly namespace?: string;
  readonly values?: Readonly<Dict>;
  /** What the API server serves, such as `apps/v1/Deployment`; none without a cluster. */
  readonly apiVersions?: readonly string[];
}

/** A chart in memory. */
export interface Chart {
  readonly defaults: Readonly<Dict>;
  /** The text of every template, by its name; for tests of the chart's own text. */
  readonly sources: ReadonlyMap<string, string>;
  /** Throws where Helm would refuse: values by the schema, then what templates say. */
  readonly render: (installation: Installation) => { readonly objects: readonly KubeObject[]; readonly notes: string };
}

/** Reads a chart from a folder. */
export async function loadChart(folder: string): Promise<Chart> {
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const names = (await readdir(join(folder, 'templates'), { recursive: true })).filter((name) => name.includes('.'));
  const sources = new Map(
    await Promise.all(names.sort().map(async (name) => [name, await read(join('templates', name))] as const)),
  );
  const files = await filesOf(folder);
  const about = parse(await read('Chart.yaml')) as Dict;
  const defaults = parse(await read('values.yaml'), { version: '1.1' }) as Dict;
  const isValid = new Ajv({ strict: false, allErrors: true }).compile(
    JSON.parse(await read('values.schema.json')) as object,
  );
  const { bodies, templates } = compile(sources);
  return {
    defaults,
    sources,
    render(installation) {
      const values = merged(defaults, installation.values ?? {});
      if (!isValid(values))
        throw new Error((isValid.errors ?? []).map((fault) => `${fault.instancePath} ${fault.message}`).join('\n'));
      const Files = { Get: (name: string) => files.get(name) ?? '' };
      const data = { ...surroundings(about, installation), Files, Values: values };
      const texts = [...bodies].map(([name, body]) => [name, printedBy(templates, name, body, data)] as const);
      const objects = texts.flatMap(([name, text]) => (name === 'NOTES.txt' ? [] : objectsOf(name, text)));
      return { objects, notes: texts.find(([name]) => name === 'NOTES.txt')?.[1] ?? '' };
    },
  };
}

/** Other files of the chart by their path; one that is not there is empty text, as in Helm. */
async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(join(folder, 'files'));
  return new Map(
    await Promise.all(
      names.map(async (name) => [`files/${name}`, await readFile(join(folder, 'files', name), 'utf8')] as const),
    ),
  );
}

function compile(sources: ReadonlyMap<string, string>) {
  const templates = new Map<string, readonly Node[]>();
  const bodies = new Map<string, readonly Node[]>();
  for (const [name, source] of sources) {
    const { body, defined } = parseTemplate(source);
    if (!name.endsWith('.tpl')) bodies.set(name, body);
    for (const [inner, nodes] of defined) templates.set(inner, nodes);
  }
  return { bodies, templates };
}

function surroundings(
  about: Dict,
  { release = 'mqttbridge', namespace = 'bridges', apiVersions = [] }: Installation,
): Dict {
  return {
    Release: { Name: release, Namespace: namespace, Service: 'Helm' },
    Chart: { Name: about['name'], Version: about['version'], AppVersion: about['appVersion'] },
    Capabilities: { APIVersions: { Has: (version: string) => apiVersions.includes(version) } },
  };
}

/** Values over defaults: maps are merged, anything else is replaced, null takes away. */
export function merged(defaults: Readonly<Dict>, values: Readonly<Dict>): Dict {
  const all = structuredClone<Dict>({ ...defaults, ...values });
  for (const [name, value] of Object.entries(values)) {
    const under = defaults[name];
    if (value === null) delete all[name];
    else if (isDict(value) && isDict(under)) all[name] = merged(under, value);
  }
  return all;
}

function printedBy(templates: Templates, name: string, body: readonly Node[], data: Dict): string {
  try {
    return execute(templates, body, data);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** The objects of a manifest; a document without content is none. */
export function objectsOf(name: string, text: string): KubeObject[] {
  return parseAllDocuments(text, { version: '1.1', uniqueKeys: true }).flatMap((document) => {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) throw new SyntaxError(`${name}: ${fault.message}\n${text}`);
    const value = document.toJS() as KubeObject | null;
    return value === null ? [] : [value];
  });
}
