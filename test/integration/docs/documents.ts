import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { emulatorConfigSchema } from '../../../local/emulator/config.ts';
import { helmValuesSchema } from '../../../shared/helm/values.ts';
import { readOperatorConfig } from '../../../operator/config.ts';
import { API_VERSION } from '../../../shared/resources/metadata.ts';
import { type Fields, isFields } from '../../support/kubernetes/api-server/object.ts';
import { kustomizationSchema } from '../../support/kubernetes/kustomize/kustomization.ts';
import { issuesOf, manifestFaults } from '../../support/kubernetes/manifest/faults.ts';
import { alertGroupsSchema } from '../../support/kubernetes/manifest/kinds.ts';
import { blocksOf, ROOT } from './pages.ts';

/** One YAML document of a page or file. */
export interface YamlDocument {
  /** Where it stands: a path, and for a page the line of its fence. */
  readonly where: string;
  readonly value: unknown;
  /** What makes it no YAML. */
  readonly errors: readonly string[];
  readonly marks: ReadonlyMap<string, string>;
}

/** What a document is, and what is wrong with it as such. */
interface Reading {
  readonly kind: string;
  readonly faults: readonly string[];
}

const PATCH_OPERATION = z.strictObject({
  op: z.enum(['add', 'remove', 'replace', 'test']),
  path: z.string().startsWith('/'),
  value: z.unknown().optional(),
});

/** Fields that only the file of an emulator has at its top. */
const EMULATOR_FIELDS = Object.keys(emulatorConfigSchema.def.shape);

/** Values of the Helm chart. */
const HELM_VALUES = Object.keys(helmValuesSchema.shape);

/** Says what a document is; undefined where nobody here knows how to check it. */
export function readDocument(value: unknown): Reading | undefined {
  const checked = (kind: string, schema: z.ZodType) => ({ kind, faults: issuesOf(schema.safeParse(value)) });
  if (Array.isArray(value)) return checked('JSON patch', z.array(PATCH_OPERATION));
  if (!isFields(value)) return undefined;
  const { apiVersion, kind } = value;
  if (kind === 'Kustomization' || kind === 'Component') return checked(kind, kustomizationSchema);
  if (kind === 'OperatorConfig') return { kind, faults: configFaults(value) };
  if (apiVersion === API_VERSION) return { kind: 'resource', faults: manifestFaults(value) };
  if (typeof kind === 'string') return { kind: 'manifest', faults: manifestFaults(value) };
  if (isFragment(value)) return { kind: 'fragment of a resource', faults: [] };
  if ('groups' in value) return checked('alert rules', alertGroupsSchema);
  if (Object.keys(value).every((name) => HELM_VALUES.includes(name))) return checked('Helm values', helmValuesSchema);
  if (Object.keys(value).every((name) => EMULATOR_FIELDS.includes(name)))
    return checked('emulator', emulatorConfigSchema);
  return undefined;
}

/** Values that Flux puts in are no part of a file yet. */
function configFaults(value: Fields): readonly string[] {
  const text = JSON.stringify(value).replaceAll(/\$\{\w+(?::=([^}]*))?\}/g, '$1');
  const result = readOperatorConfig(text);
  return result.kind === 'config' ? [] : result.problems;
}

/** What is to be laid over the smallest bridge of the guide, and is checked as that. */
function isFragment(value: Fields): boolean {
  return Object.keys(value).join() === 'spec';
}

function documentsIn(text: string, from: Omit<YamlDocument, 'value' | 'errors'>): YamlDocument[] {
  return parseAllDocuments(text, { merge: true }).map((document) => ({
    ...from,
    errors: document.errors.map(({ message }) => message),
    value: document.errors.length > 0 ? undefined : document.toJS(),
  }));
}

/** Every YAML document in a fenced block of a page for users or developers. */
export async function documentsOfPages(): Promise<YamlDocument[]> {
  const pages = ['README.md', ...(await filesIn(['docs', 'examples', 'infra'], (name) => name.endsWith('.md')))];
  const read = pages.map(async (page) => blocksOf(page, await readFile(join(ROOT, page), 'utf8')));
  return (await Promise.all(read))
    .flat()
    .filter(({ language }) => language === 'yaml' || language === 'yml')
    .flatMap(({ text, ...from }) => documentsIn(text, from));
}

/** Every YAML document in a file of the examples and of the infrastructure. */
export async function documentsOfFiles(): Promise<YamlDocument[]> {
  const isYaml = (name: string) => /\.ya?ml$/.test(name) || basename(name) === 'Kustomization';
  const paths = (await filesIn(['examples', 'infra'], isYaml)).filter((path) => !path.includes('/helm/'));
  const read = paths.map(async (where) =>
    documentsIn(await readFile(join(ROOT, where), 'utf8'), { where, marks: new Map() }),
  );
  return (await Promise.all(read)).flat();
}

async function filesIn(folders: readonly string[], isWanted: (name: string) => boolean): Promise<string[]> {
  const found = folders.map(async (folder) =>
    (await readdir(join(ROOT, folder), { recursive: true }))
      .filter(isWanted)
      .sort()
      .map((name) => `${folder}/${name}`),
  );
  return (await Promise.all(found)).flat();
}
