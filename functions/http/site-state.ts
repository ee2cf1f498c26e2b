import { canonicalJson } from '../../shared/canonical-json.ts';
import type { ResourceKind } from '../../shared/api/names.ts';
import type { ProblemItem } from '../../shared/api/problem.ts';
import type { LoadedResource, LoadResult } from '../../shared/config/load.ts';
import { validateLoaded } from '../../shared/config/validate.ts';
import type { ConnectorDocument } from '../../shared/plan/document.ts';
import type { Problem } from '../../shared/problem.ts';
import { sha256 } from '../../shared/sha256.ts';
import type { DesiredRevision, JsonObject, ManifestEntry, SiteChange, SiteHead } from '../store/store.ts';
import { problemItem } from './read-resources.ts';
import { sizeFaults } from './site-size.ts';

/** Names a resource of a site. */
export interface ResourceId {
  readonly kind: ResourceKind;
  readonly name: string;
}

/** A resource of a site with its document. */
export interface SiteResource {
  readonly entry: ManifestEntry;
  readonly document: JsonObject;
}

/** A site as of one moment, with its documents. */
export interface SiteState {
  /** Undefined where nothing was ever defined. */
  readonly head: SiteHead | undefined;
  /** By `kind/name`. */
  readonly resources: ReadonlyMap<string, SiteResource>;
}

/** What a caller wants to be different. */
export interface WantedChange {
  /** Documents to create or replace, and the problems of their text. */
  readonly put: LoadResult;
  /** What the one document of `put` must be, whatever it says itself. */
  readonly as?: ResourceId;
  readonly remove?: readonly ResourceId[];
}

/** What becomes of one resource. */
export interface DraftResult extends ResourceId {
  readonly outcome: 'created' | 'configured' | 'unchanged';
  /** As it is after the change. */
  readonly entry: ManifestEntry;
  readonly before?: JsonObject;
  readonly after: JsonObject;
}

/** What a site would be with a change. */
export interface Draft {
  /** Errors and warnings; with an error there is no `change`. */
  readonly problems: readonly ProblemItem[];
  readonly valid: boolean;
  /** In the order of the documents. */
  readonly results: readonly DraftResult[];
  /** Absent when nothing changes, and when the new state is not valid. */
  readonly change?: SiteChange;
}

/** The key of a resource within its site. */
export function resourceKey({ kind, name }: ResourceId): string {
  return `${kind}/${name}`;
}

/** Puts the head of a site and its documents together; a document that the store has lost is a defect. */
export function siteState(head: SiteHead | undefined, documents: ReadonlyMap<string, JsonObject>): SiteState {
  const resources = new Map<string, SiteResource>();
  for (const entry of head?.entries ?? []) {
    const document = documents.get(entry.hash);
    if (document === undefined) throw new Error(`the store has no document for ${resourceKey(entry)}`);
    resources.set(resourceKey(entry), { entry, document });
  }
  return { head, resources };
}

/** The connectors of a site with their topic maps, as they run: defaults applied. */
export function connectorDocuments({ resources }: SiteState): readonly ConnectorDocument[] {
  return validateLoaded({ problems: [], resources: storedResources(resources) }).connectors;
}

/** Computes what a site would be with a change, and checks the whole of it. `now`: milliseconds since 1970. */
export function draftChange(state: SiteState, wanted: WantedChange, now: number): Draft {
  const sent = wanted.put.resources.map((resource, index) => sentResource(resource, index, wanted.as));
  const generation = (state.head?.generation ?? 0) + 1;
  const results = sent.flatMap(({ id, resource }) =>
    id === undefined ? [] : [resultOf(id, resource.value, state, { generation, now })],
  );
  const next = nextResources(state, results, wanted.remove ?? []);
  const others = storedResources(next, new Set(results.map(resourceKey)));
  const validation = validateLoaded({
    problems: wanted.put.problems,
    resources: [...sent.map(({ resource }) => resource), ...others],
  });
  const labels = new Set(['body', ...sent.map(({ resource }) => resource.file)]);
  const problems = [
    ...validation.problems.flatMap((problem) => {
      const isSent = labels.has(problem.file);
      // What the caller did not send concerns it only where it is in the way.
      return isSent || problem.severity === 'error' ? [problemItem(problem, isSent)] : [];
    }),
    ...repeated(results),
    ...sizeFaults(next),
  ].sort(byPlace);
  const valid = !problems.some(({ severity }) => severity !== 'warning');
  if (!valid || !isChanged(state, results, wanted.remove ?? [])) return { problems, valid, results };
  return { problems, valid, results, change: changeOf(next, results, validation.connectors, generation) };
}

/** In the order in which an author reads; what was not sent comes last. */
function byPlace(a: ProblemItem, b: ProblemItem): number {
  const { MAX_SAFE_INTEGER: last } = Number;
  return (a.line ?? last) - (b.line ?? last) || (a.column ?? 0) - (b.column ?? 0);
}

interface SentResource {
  /** Absent where kind or name are not ours. */
  readonly id: ResourceId | undefined;
  /** Its problems name the resource instead of the body. */
  readonly resource: LoadedResource;
}

function sentResource(resource: LoadedResource, index: number, as: ResourceId | undefined): SentResource {
  const id = as ?? idOf(resource.value);
  const file = id === undefined ? String(index + 1) : resourceKey(id);
  const renamed = (problem: Problem): Problem => ({ ...problem, file });
  return { id, resource: { ...resource, file, problems: resource.problems.map(renamed) } };
}

function idOf({ kind, metadata }: JsonObject): ResourceId | undefined {
  if (kind !== 'MqttBridgeConnector' && kind !== 'MqttBridgeTopicMap') return undefined;
  const name = (metadata as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' ? { kind, name } : undefined;
}

/** A stored document as if it had been read; places in it mean nothing to the caller. */
function storedResources(
  resources: ReadonlyMap<string, SiteResource>,
  except: ReadonlySet<string> = new Set(),
): LoadedResource[] {
  return [...resources].flatMap(([file, { document }]) =>
    except.has(file) ? [] : [{ file, value: document, locate: () => ({ line: 1, column: 1 }), problems: [] }],
  );
}

function resultOf(
  id: ResourceId,
  value: JsonObject,
  { resources }: SiteState,
  { generation, now }: { readonly generation: number; readonly now: number },
): DraftResult {
  const text = canonicalJson(value);
  const hash = sha256(text);
  // What JSON cannot say (an infinity in a field that is ignored) is not kept.
  const after = JSON.parse(JSON.stringify(value)) as JsonObject;
  const before = resources.get(resourceKey(id));
  if (before?.entry.hash === hash) {
    return { ...id, outcome: 'unchanged', entry: before.entry, before: before.document, after: before.document };
  }
  const entry = { ...id, version: generation, hash, updatedAt: new Date(now).toISOString() };
  if (before === undefined) return { ...id, outcome: 'created', entry, after };
  return { ...id, outcome: 'configured', entry, before: before.document, after };
}

function nextResources(
  { resources }: SiteState,
  results: readonly DraftResult[],
  remove: readonly ResourceId[],
): Map<string, SiteResource> {
  const next = new Map(resources);
  for (const id of remove) next.delete(resourceKey(id));
  for (const { entry, after } of results) next.set(resourceKey(entry), { entry, document: after });
  return next;
}

/** Namespaces do not tell resources of a site apart, as its paths have none. */
function repeated(results: readonly DraftResult[]): ProblemItem[] {
  const groups = Map.groupBy(results, resourceKey);
  return [...groups].flatMap(([document, { length }]) => {
    if (length < 2) return [];
    const message = `the body holds ${length} documents of this kind and name, and a site can keep one`;
    return [{ path: 'metadata.name', rule: 'RepeatedResource', message, document, severity: 'error' as const }];
  });
}

function isChanged({ resources }: SiteState, results: readonly DraftResult[], remove: readonly ResourceId[]): boolean {
  return results.some(({ outcome }) => outcome !== 'unchanged') || remove.some((id) => resources.has(resourceKey(id)));
}

function changeOf(
  next: ReadonlyMap<string, SiteResource>,
  results: readonly DraftResult[],
  connectors: readonly ConnectorDocument[],
  generation: number,
): SiteChange {
  const byKey = [...next].sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  const changed = results.filter(({ outcome }) => outcome !== 'unchanged');
  const desired = connectors.map(({ connector, revision }): [string, DesiredRevision] => [
    connector.metadata.name,
    { revision, instances: connector.spec.bridgeInstances },
  ]);
  return {
    generation,
    entries: byKey.map(([, { entry }]) => entry),
    desired: Object.fromEntries(desired),
    documents: new Map(changed.map(({ entry, after }) => [entry.hash, after])),
  };
}
