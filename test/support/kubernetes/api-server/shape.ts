import type { StructuralSchema } from '../../../../shared/schema/structural.ts';
import type { Kind } from './kinds.ts';

/** A field that tells entries of a list apart, with what it counts as where it is absent. */
export interface KeyField {
  readonly name: string;
  readonly default?: unknown;
}

/** How a value merges: `granular` by field, `map` by the keys of its entries, `set` by value, `atomic` as one. */
export interface Shape {
  readonly list: { readonly type: 'map'; readonly keys: readonly KeyField[] } | { readonly type: 'set' | 'atomic' };
  /** Whether an object is replaced as one. */
  readonly atomic: boolean;
  readonly field: (name: string) => Shape;
  readonly item: () => Shape;
}

/** The shape of the objects of a kind. */
export function shapeOf(kind: Kind): Shape {
  return kind.schema === undefined ? builtInShape([]) : schemaShape(kind.schema);
}

const METADATA_LISTS: { readonly [name: string]: Shape['list'] } = {
  finalizers: { type: 'set' },
  ownerReferences: { type: 'map', keys: [{ name: 'uid' }] },
};

const PROTOCOL = { name: 'protocol', default: 'TCP' };

/** From the `x-kubernetes-list-map-keys` of the OpenAPI document of Kubernetes; lists that are not named are atomic. */
const LIST_KEYS: { readonly [path: string]: readonly KeyField[] } = {
  containers: [{ name: 'name' }],
  initContainers: [{ name: 'name' }],
  ephemeralContainers: [{ name: 'name' }],
  env: [{ name: 'name' }],
  volumes: [{ name: 'name' }],
  volumeMounts: [{ name: 'mountPath' }],
  volumeDevices: [{ name: 'devicePath' }],
  imagePullSecrets: [{ name: 'name' }],
  secrets: [{ name: 'name' }],
  hostAliases: [{ name: 'ip' }],
  topologySpreadConstraints: [{ name: 'topologyKey' }, { name: 'whenUnsatisfiable' }],
  conditions: [{ name: 'type' }],
  'containers.ports': [{ name: 'containerPort' }, PROTOCOL],
  'initContainers.ports': [{ name: 'containerPort' }, PROTOCOL],
  'spec.ports': [{ name: 'port' }, PROTOCOL],
};

const ATOMIC_MAPS = new Set([
  'selector',
  'nodeSelector',
  'labelSelector',
  'roleRef',
  'involvedObject',
  'regarding',
  'fieldRef',
  'configMapKeyRef',
  'secretKeyRef',
  'resourceFieldRef',
  'secretRef',
]);

function builtInShape(path: readonly string[]): Shape {
  const name = path.at(-1) ?? '';
  const keys = LIST_KEYS[path.slice(-2).join('.')] ?? LIST_KEYS[name];
  const ofMetadata = path.at(-2) === 'metadata' ? METADATA_LISTS[name] : undefined;
  return {
    list: ofMetadata ?? (keys ? { type: 'map', keys } : { type: 'atomic' }),
    atomic: ATOMIC_MAPS.has(name) && !['labels', 'annotations', 'data'].includes(path.at(-2) ?? ''),
    field: (next) => builtInShape([...path, next]),
    item: () => builtInShape(path),
  };
}

function schemaShape(schema: StructuralSchema | undefined): Shape {
  return {
    list: schemaList(schema),
    atomic: false,
    field: (name) => (name === 'metadata' ? builtInShape([name]) : schemaShape(schema?.properties?.[name])),
    item: () => schemaShape(schema?.items),
  };
}

function schemaList(schema: StructuralSchema | undefined): Shape['list'] {
  const names = schema?.['x-kubernetes-list-map-keys'];
  if (names === undefined) return { type: 'atomic' };
  return {
    type: 'map',
    keys: names.map((name) => ({ name, default: schema?.items?.properties?.[name]?.default })),
  };
}
