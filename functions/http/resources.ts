import { type Collection, KIND_OF, type ResourceKind } from '../../shared/api/names.ts';
import type { ProblemItem } from '../../shared/api/problem.ts';
import type { ResourceList } from '../../shared/api/resources.ts';
import type { LoadedResource } from '../../shared/config/load.ts';
import type { JsonObject } from '../store/store.ts';
import type { ApiRequest, ApiResponse, Deps, Handler } from './contract.ts';
import { changeRefusal, type Conditions, etagOf } from './etag.ts';
import { problemResponse } from './problems.ts';
import { readResources } from './read-resources.ts';
import { bodyOf, representationOf, resourceResponse, viewOf } from './resource-view.ts';
import { draftChange, type ResourceId, resourceKey, type SiteState } from './site-state.ts';
import { changeSite, type Step } from './write-site.ts';

const DEFAULT_PAGE = 100;

/** Handlers of one collection of a site. */
export interface CollectionHandlers {
  readonly list: Handler;
  readonly get: Handler;
  readonly put: Handler;
  readonly remove: Handler;
}

/** Makes the handlers of a collection. */
export function collectionHandlers(collection: Collection): CollectionHandlers {
  const kind = KIND_OF[collection];
  return {
    list: (request, _caller, deps) => list(kind, request, deps),
    get: (request, _caller, deps) => get(idOf(kind, request), request, deps),
    put: (request, _caller, deps) => put(idOf(kind, request), request, deps),
    remove: (request, _caller, deps) => remove(idOf(kind, request), request, deps),
  };
}

async function list(kind: ResourceKind, request: ApiRequest, { stores }: Deps): Promise<ApiResponse> {
  const { site } = siteOf(request);
  const limit = Number(request.query.get('limit') ?? DEFAULT_PAGE);
  const after = request.query.get('continue') ?? '';
  const head = await stores.bridges.readHead(site);
  const entries = (head?.entries ?? []).filter((entry) => entry.kind === kind && entry.name > after).sort(byName);
  const page = entries.slice(0, limit);
  const documents = await stores.bridges.readDocuments(site, [...new Set(page.map(({ hash }) => hash))]);
  const { effective, yaml } = representationOf(request);
  const items = page.flatMap((entry) => {
    const { name, updatedAt, hash } = entry;
    const document = documents.get(hash);
    // It was replaced and its document thrown away since the head was read.
    if (document === undefined) return [];
    return [{ name, etag: etagOf(entry), updatedAt, resource: viewOf(kind, document, effective) }];
  });
  const last = entries.length > page.length ? page.at(-1)?.name : undefined;
  const json: ResourceList = {
    apiVersion: 'mqttbridge/v1',
    kind: 'ResourceList',
    items,
    ...(last === undefined ? {} : { continue: last }),
  };
  return { status: 200, ...bodyOf(json, yaml) };
}

async function get(id: ResourceId, request: ApiRequest, { stores }: Deps): Promise<ApiResponse> {
  const { site } = siteOf(request);
  const head = await stores.bridges.readHead(site);
  const entry = head?.entries.find(({ kind, name }) => kind === id.kind && name === id.name);
  if (entry === undefined) return notFound(id);
  const document = (await stores.bridges.readDocuments(site, [entry.hash])).get(entry.hash);
  return document === undefined ? notFound(id) : resourceResponse(request, { entry, document, status: 200 });
}

async function put(id: ResourceId, request: ApiRequest, deps: Deps): Promise<ApiResponse> {
  const { site } = siteOf(request);
  const read = readResources(request);
  if (read.kind === 'refused') return read.response;
  const disagreement = disagreements(id, read.loaded.resources);
  return changeSite(deps, site, (state) => {
    const refusal = changeRefusal(state.resources.get(resourceKey(id))?.entry, conditionsOf(request));
    if (refusal !== undefined) return { response: conditionFailed(refusal, id, state) };
    const draft = draftChange(state, { put: read.loaded, as: id }, deps.now());
    const result = draft.results[0];
    if (!draft.valid || disagreement.length > 0 || result === undefined) {
      const errors = [...disagreement, ...draft.problems];
      return { response: problemResponse('invalid-resource', { errors }) };
    }
    const { outcome, entry, after } = result;
    const response = resourceResponse(request, { entry, document: after, status: outcome === 'created' ? 201 : 200 });
    const location = outcome === 'created' ? { location: pathOf(site, id) } : {};
    return stepOf(draft.change, { ...response, headers: { ...response.headers, ...location } });
  });
}

async function remove(id: ResourceId, request: ApiRequest, deps: Deps): Promise<ApiResponse> {
  const { site } = siteOf(request);
  const response = await changeSite(deps, site, (state) => {
    const current = state.resources.get(resourceKey(id));
    if (current === undefined) return { response: notFound(id) };
    const refusal = changeRefusal(current.entry, conditionsOf(request));
    if (refusal !== undefined) return { response: conditionFailed(refusal, id, state) };
    const users = id.kind === 'MqttBridgeConnector' ? mapsOf(state, id.name) : [];
    if (users.length > 0 && request.query.get('cascade') !== 'true') return { response: inUse(id, users) };
    const draft = draftChange(state, { put: { problems: [], resources: [] }, remove: [id, ...users] }, deps.now());
    if (draft.valid) return stepOf(draft.change, { status: 204 });
    return { response: problemResponse('invalid-resource', { errors: draft.problems }) };
  });
  if (response.status === 204 && id.kind === 'MqttBridgeConnector') await forgetAgents(deps, site, id.name);
  return response;
}

/** Agents of a connector that is gone have nothing to say any more; one that still runs reports again and is told so. */
async function forgetAgents({ stores, log }: Deps, site: string, connector: string): Promise<void> {
  try {
    await stores.reports.remove(site, connector);
  } catch (error) {
    log?.('ReportRemovalFailed', { site, connector, error: error instanceof Error ? error.message : String(error) });
  }
}

function mapsOf({ resources }: SiteState, connector: string): ResourceId[] {
  return [...resources.values()].flatMap(({ entry, document }) => {
    const { mqttBridgeConnectorRef } = document.spec as { readonly mqttBridgeConnectorRef?: unknown };
    return entry.kind === 'MqttBridgeTopicMap' && mqttBridgeConnectorRef === connector ? [entry] : [];
  });
}

/** The document must be what its path says. */
function disagreements({ kind, name }: ResourceId, sent: readonly LoadedResource[]): ProblemItem[] {
  if (sent.length !== 1) {
    const message = `the body must hold one ${kind}, and holds ${sent.length} resources`;
    return [{ path: '', rule: 'OneResourceExpected', severity: 'error', message }];
  }
  return sent.flatMap((resource) => [
    ...different(resource, ['kind'], resource.value.kind, kind),
    ...different(
      resource,
      ['metadata', 'name'],
      (resource.value.metadata as JsonObject | null | undefined)?.name,
      name,
    ),
  ]);
}

function different(resource: LoadedResource, at: string[], found: unknown, wanted: string): ProblemItem[] {
  if (found === undefined || found === wanted) return [];
  const message = `the path says "${wanted}"`;
  const item = { path: at.join('.'), rule: 'PathMismatch', severity: 'error', message } as const;
  return [{ ...item, ...resource.locate(at) }];
}

function stepOf(change: Step['change'], response: ApiResponse): Step {
  return change === undefined ? { response } : { change, response };
}

function conditionFailed(kind: 'stale-etag' | 'etag-needed', id: ResourceId, { resources }: SiteState): ApiResponse {
  const current = resources.get(resourceKey(id));
  const detail =
    current === undefined
      ? `there is no ${resourceKey(id)}`
      : kind === 'stale-etag'
        ? `${resourceKey(id)} is there and does not meet the condition: read it again`
        : `${resourceKey(id)} is there: send If-Match with its ETag, or If-Match: * to replace whatever is there`;
  return problemResponse(kind, { detail, headers: current === undefined ? {} : { etag: etagOf(current.entry) } });
}

function inUse(id: ResourceId, users: readonly ResourceId[]): ApiResponse {
  const errors = users.map(
    (user): ProblemItem => ({
      path: 'spec.mqttBridgeConnectorRef',
      rule: 'ReferencedBy',
      message: `${resourceKey(user)} refers to this connector`,
      advice: 'delete it first, or delete both with ?cascade=true',
      document: resourceKey(user),
    }),
  );
  return problemResponse('in-use', { detail: `topic maps that refer to ${id.name}: ${users.length}`, errors });
}

function notFound(id: ResourceId): ApiResponse {
  return problemResponse('not-found', { detail: `there is no ${resourceKey(id)} at this site` });
}

function conditionsOf({ headers }: ApiRequest): Conditions {
  return { ifMatch: headers.get('if-match'), ifNoneMatch: headers.get('if-none-match') };
}

function idOf(kind: ResourceKind, { params }: ApiRequest): ResourceId {
  return { kind, name: params.name ?? '' };
}

function siteOf({ params }: ApiRequest): { readonly site: string } {
  return { site: params.site ?? '' };
}

function pathOf(site: string, { kind, name }: ResourceId): string {
  return `/api/sites/${site}/${kind === 'MqttBridgeConnector' ? 'connectors' : 'topicmaps'}/${name}`;
}

function byName(a: ResourceId, b: ResourceId): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
