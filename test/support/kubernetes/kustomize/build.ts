import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Fields, isFields, type KubeObject } from '../api-server/object.ts';
import { jsonPatch } from '../api-server/patch.ts';
import { type ConfigMapGenerator, type Kustomization, type Patch, readKustomization } from './kustomization.ts';
import { hashedName } from './name-suffix.ts';

const CLUSTER_WIDE = ['CustomResourceDefinition', 'Namespace', 'ClusterRole', 'ClusterRoleBinding'];

/** Objects on their way, and the names of those that get a hash at the end. */
interface Layer {
  readonly objects: readonly KubeObject[];
  readonly generated: ReadonlySet<string>;
}

/** The objects of a folder with a kustomization, as `kubectl kustomize` prints them, in no particular order. */
export async function buildKustomization(folder: string): Promise<readonly KubeObject[]> {
  const { objects, generated } = await layerOf(folder);
  return withHashes(withSubjects(objects), generated);
}

async function layerOf(folder: string): Promise<Layer> {
  const kustomization = await readKustomization(folder);
  const below = await Promise.all(
    // Components come after resources and may change them; ours only add.
    [...kustomization.resources, ...kustomization.components].map((path) => resourceAt(join(folder, path))),
  );
  const made = await Promise.all(kustomization.configMapGenerator.map((each) => configMapOf(folder, each)));
  const replaced = made.reduce(
    replaceOrAdd,
    below.flatMap(({ objects }) => objects),
  );
  const patches = await Promise.all(kustomization.patches.map((patch) => readPatch(folder, patch)));
  const patched = patches.reduce(patchedBy, replaced);
  return {
    objects: patched.map((object) => transformed(object, kustomization)),
    generated: new Set([
      ...below.flatMap(({ generated }) => [...generated]),
      ...kustomization.configMapGenerator.flatMap(({ name, options }) =>
        options?.disableNameSuffixHash === true ? [] : [name],
      ),
    ]),
  };
}

async function resourceAt(path: string): Promise<Layer> {
  if ((await stat(path)).isDirectory()) return layerOf(path);
  return { objects: await readObjects(path), generated: new Set() };
}

/** The objects of a YAML file; rejects what is no object with a kind and a name. */
export async function readObjects(path: string): Promise<KubeObject[]> {
  return parseAllDocuments(await readFile(path, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${String(document.errors[0])}`);
    const object: unknown = document.toJS();
    if (isFields(object) && typeof object['kind'] === 'string' && isFields(object['metadata'])) {
      return object as unknown as KubeObject;
    }
    throw new Error(`${path}: not an object of Kubernetes`);
  });
}

const nameOf = ({ metadata }: KubeObject): string => metadata.name;

interface Generated {
  readonly object: KubeObject;
  readonly behavior: ConfigMapGenerator['behavior'];
}

async function configMapOf(folder: string, { name, behavior, files, options }: ConfigMapGenerator): Promise<Generated> {
  const entries = files.map(async (file) => {
    const [key = '', path = key] = file.split('=');
    return [key, await readFile(join(folder, path), 'utf8')];
  });
  const data = Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
  return {
    behavior,
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name,
        ...(options && { labels: options.labels }),
        ...(options?.annotations && { annotations: options.annotations }),
      },
      data,
    },
  };
}

function replaceOrAdd(objects: readonly KubeObject[], { object, behavior }: Generated): KubeObject[] {
  const isSame = ({ kind, metadata }: KubeObject) => kind === 'ConfigMap' && metadata.name === nameOf(object);
  if (objects.some(isSame) !== (behavior === 'replace'))
    throw new Error(`cannot ${behavior} ConfigMap ${nameOf(object)}`);
  if (behavior === 'create') return [...objects, object];
  return objects.map((each) =>
    isSame(each) ? { ...object, metadata: { ...each.metadata, ...object.metadata } } : each,
  );
}

interface ReadPatch {
  readonly target: Patch['target'];
  readonly operations: unknown;
}

async function readPatch(folder: string, { target, path }: Patch): Promise<ReadPatch> {
  const [document] = parseAllDocuments(await readFile(join(folder, path), 'utf8'));
  return { target, operations: document?.toJS() };
}

function patchedBy(objects: readonly KubeObject[], { target, operations }: ReadPatch): KubeObject[] {
  const isTarget = ({ kind, metadata }: KubeObject) =>
    kind === target.kind && (target.name === undefined || metadata.name === target.name);
  if (!objects.some(isTarget)) throw new Error(`no ${target.kind} ${target.name ?? ''} to patch`);
  return objects.map((object) => (isTarget(object) ? (jsonPatch(object, operations) as KubeObject) : object));
}

function transformed(object: KubeObject, { namespace, labels, images }: Kustomization): KubeObject {
  const { metadata } = object;
  const all = labels.reduce((known, { pairs }) => ({ ...known, ...pairs }), metadata.labels);
  const isPlaced = namespace !== undefined && !CLUSTER_WIDE.includes(object.kind);
  const placed = { ...metadata, ...(all && { labels: all }), ...(isPlaced && { namespace }) };
  return retagged({ ...object, metadata: placed }, images) as KubeObject;
}

/** Images are the field `image` of a container; their name is all before the last colon. */
function retagged(value: unknown, images: Kustomization['images']): unknown {
  if (images.length === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => retagged(item, images));
  const fields = Object.entries(value).map(([name, field]): [string, unknown] => {
    if (name !== 'containers' || !Array.isArray(field)) return [name, retagged(field, images)];
    return [
      name,
      field.map((container: Fields) => ({ ...container, image: imageOf(String(container['image']), images) })),
    ];
  });
  return Object.fromEntries(fields);
}

function imageOf(image: string, images: Kustomization['images']): string {
  const name = image.replace(/:[^:/]*$/, '');
  const found = images.find((each) => each.name === name);
  return found === undefined ? image : `${found.newName ?? name}:${found.newTag}`;
}

/** Subjects without a namespace get that of their account, at the very end; those with one keep it, whatever it is. */
function withSubjects(objects: readonly KubeObject[]): KubeObject[] {
  const accounts = new Map(
    objects.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => [metadata.name, metadata.namespace]),
  );
  return objects.map((object) => {
    const subjects = object['subjects'] as readonly Fields[] | undefined;
    if (subjects === undefined) return object;
    return {
      ...object,
      subjects: subjects.map((subject) => ({ namespace: accounts.get(String(subject['name'])), ...subject })),
    };
  });
}

function withHashes(objects: readonly KubeObject[], generated: ReadonlySet<string>): KubeObject[] {
  const names = new Map<string, string>();
  for (const { kind, metadata, ...rest } of objects) {
    if (kind !== 'ConfigMap' || !generated.has(metadata.name)) continue;
    names.set(metadata.name, hashedName(metadata.name, rest['data'] as Record<string, string>));
  }
  return objects.map((object) => {
    const { kind, metadata } = object;
    const name = kind === 'ConfigMap' ? names.get(metadata.name) : undefined;
    const named = name === undefined ? object : { ...object, metadata: { ...metadata, name } };
    return renamed(named, names) as KubeObject;
  });
}

/** Kustomize renames what refers to a ConfigMap: volumes, and roles by resource name, whatever resource they mean. */
function renamed(value: unknown, names: ReadonlyMap<string, string>, field = ''): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown) =>
      field === 'resourceNames' ? (names.get(String(item)) ?? item) : renamed(item, names),
    );
  }
  if (!isFields(value)) return value;
  const inner = Object.entries(value).map(([name, each]) => [name, renamed(each, names, name)]);
  const fields = Object.fromEntries(inner) as Fields;
  const now = field === 'configMap' ? names.get(String(fields['name'])) : undefined;
  return now === undefined ? fields : { ...fields, name: now };
}
