import type { ConnectorHealth } from '../../shared/api/health.ts';
import { type Collection, KIND_OF, type ResourceKind } from '../../shared/api/names.ts';
import type { ProblemItem } from '../../shared/api/problem.ts';
import { loadResources } from '../../shared/config/load.ts';
import { validateConfig } from '../../shared/config/validate.ts';

/** What a site holds of one resource. */
interface Held {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** Definitions of one site; answers requests about them. */
export interface SiteDouble {
  list(collection: Collection): Response;
  get(collection: Collection, name: string): Response;
  has(collection: Collection, name: string): boolean;
  apply(text: string, dryRun: boolean): Response;
  diff(text: string): Response;
  remove(collection: Collection, name: string, cascade: boolean): Response;
}

/** When everything in a double was last changed. */
export const LONG_AGO = '2026-01-01T00:00:00.000Z';

const V1 = 'mqttbridge/v1';

/** A site without definitions. */
export function createSiteDouble(): SiteDouble {
  const held = new Map<string, Held>();
  const find = (collection: Collection, name: string) => held.get(keyOf(KIND_OF[collection], name));
  return {
    list(collection) {
      const found = [...held.values()].filter(({ kind }) => kind === KIND_OF[collection]);
      const items = found.map(({ name, resource }) => ({ name, etag: '"1-x"', updatedAt: LONG_AGO, resource }));
      return Response.json({ apiVersion: V1, kind: 'ResourceList', items });
    },
    get(collection, name) {
      const found = find(collection, name);
      return found === undefined ? notFound(collection, name) : Response.json(found.resource);
    },
    has: (collection, name) => find(collection, name) !== undefined,
    apply(text, dryRun) {
      const { problems } = validateConfig([{ name: 'body', text }]);
      const items = problems.map((item): ProblemItem => item);
      const invalid = problems.some(({ severity }) => severity === 'error');
      if (invalid) return problem(422, 'A document breaks rules', undefined, items);
      const changes = changesIn(text, held);
      if (!dryRun)
        for (const { kind, name, after } of changes) held.set(keyOf(kind, name), { kind, name, resource: after });
      const results = changes.map(({ kind, name, outcome }) => ({ kind, name, outcome }));
      return Response.json({ apiVersion: V1, kind: 'ApplyResult', dryRun, results, warnings: items });
    },
    diff(text) {
      const results = changesIn(text, held).map((change) => ({ ...change, changes: [] }));
      return Response.json({ apiVersion: V1, kind: 'DiffResult', results });
    },
    remove(collection, name, cascade) {
      const found = find(collection, name);
      if (found === undefined) return notFound(collection, name);
      const users = collection === 'connectors' ? [...held.values()].filter((one) => refersTo(one, name)) : [];
      if (users.length > 0 && !cascade)
        return problem(409, 'Something else refers to it', undefined, users.map(referenceOf));
      for (const one of [found, ...users]) held.delete(keyOf(one.kind, one.name));
      return new Response(null, { status: 204 });
    },
  };
}

/** An error answer (RFC 9457). */
export function problem(status: number, title: string, detail?: string, errors?: readonly ProblemItem[]): Response {
  const body = { type: `urn:mqttbridge:problem:${status}`, title, status, detail, errors };
  return Response.json(body, { status, headers: { 'content-type': 'application/problem+json' } });
}

/** Health of a connector that never reported. */
export function unknownConnector(site: string, connector: string): ConnectorHealth {
  const judged = { verdict: 'Unknown', since: LONG_AGO, reasons: [] } as const;
  const lists = { instances: [], routes: [], timeline: [] };
  return { apiVersion: V1, kind: 'ConnectorHealth', site, connector, ...judged, reasons: [], ...lists };
}

function changesIn(text: string, held: ReadonlyMap<string, Held>) {
  const { resources } = loadResources([{ name: 'body', text }]);
  const ours = resources.filter(({ value }) => Object.values(KIND_OF).some((kind) => kind === value['kind']));
  return ours.map(({ value }) => {
    const { kind, metadata } = value as unknown as { kind: ResourceKind; metadata: { name: string } };
    const before = held.get(keyOf(kind, metadata.name))?.resource;
    const same = JSON.stringify(before) === JSON.stringify(value);
    const outcome = before === undefined ? 'created' : same ? 'unchanged' : 'configured';
    return { kind, name: metadata.name, outcome, before, after: value };
  });
}

function notFound(collection: Collection, name: string): Response {
  return problem(404, 'There is no such thing', `there is no ${KIND_OF[collection]} "${name}"`);
}

function refersTo({ resource }: Held, connector: string): boolean {
  return (resource['spec'] as { mqttBridgeConnectorRef?: string }).mqttBridgeConnectorRef === connector;
}

function referenceOf({ kind, name }: Held): ProblemItem {
  const message = `${keyOf(kind, name)} refers to this connector`;
  return { path: 'spec.mqttBridgeConnectorRef', rule: 'ReferencedBy', message, document: keyOf(kind, name) };
}

function keyOf(kind: string, name: string): string {
  return `${kind}/${name}`;
}
