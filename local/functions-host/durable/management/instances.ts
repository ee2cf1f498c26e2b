import type { ManagementResponse } from '../../ports.ts';
import { erase } from '../life-cycle.ts';
import { type Instance, isTerminal, type RuntimeStatus } from '../model.ts';
import type { InstanceCursor, InstanceFilter } from '../store/instances.ts';
import { BadRequest, json, jsonTextAnswer, problem, readCount, readSwitch, readTime } from './answers.ts';
import { historyView } from './history-view.ts';
import type { Call } from './call.ts';

const STATUSES: readonly RuntimeStatus[] = ['Pending', 'Running', 'Suspended', 'Completed', 'Failed', 'Terminated'];
const TOKEN = 'x-ms-continuation-token';
const PAGE = 100;
const LARGEST_PAGE = 1000;

/** Status of one instance: 200 when it has ended, 202 while it has not. */
export function readInstance({ hub, request, values: [id = ''] }: Call): ManagementResponse {
  const { query } = request;
  const instance = hub.store.instances.read(id);
  if (instance === undefined) return unknown(id);
  const withHistory = readSwitch(query, 'showHistory', false);
  const outputs = readSwitch(query, 'showHistoryOutput', false);
  const body = bodyOf(instance, {
    input: readSwitch(query, 'showInput', true),
    ...(withHistory ? { history: historyView(hub.store.instances.history(id), outputs) } : {}),
  });
  if (!isTerminal(instance.status)) return jsonTextAnswer(202, body);
  const broken = instance.status === 'Failed' && readSwitch(query, 'returnInternalServerErrorOnFailure', false);
  return jsonTextAnswer(broken ? 500 : 200, body);
}

/** Says that there is no such instance. */
export function unknown(id: string): ManagementResponse {
  return problem(404, `No instance with ID '${id}' found.`);
}

/** The JSON text of an instance's status. */
export function bodyOf(instance: Instance, show: { readonly input: boolean; readonly history?: unknown }): string {
  const { name, id, status, input, customStatus, output, createdAt, updatedAt } = instance;
  const fields = {
    name,
    instanceId: id,
    runtimeStatus: status,
    input: show.input ? JSON.parse(input) : null,
    customStatus: customStatus === undefined ? null : JSON.parse(customStatus),
    output: output === undefined ? null : JSON.parse(output),
    createdTime: new Date(createdAt).toISOString(),
    lastUpdatedTime: new Date(updatedAt).toISOString(),
    ...(show.history === undefined ? {} : { historyEvents: show.history }),
  };
  return JSON.stringify(fields);
}

/** Status of many instances, oldest first, page by page. */
export function listInstances({ hub, request }: Call): ManagementResponse {
  const { query, headers } = request;
  const limit = readCount(query, 'top', PAGE, LARGEST_PAGE);
  const found = hub.store.instances.list(filterOf(query), readToken(headers.get(TOKEN)), limit + 1);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next = found.length > limit && last !== undefined ? { [TOKEN]: tokenOf(last) } : {};
  const input = readSwitch(query, 'showInput', true);
  return jsonTextAnswer(200, `[${page.map((instance) => bodyOf(instance, { input })).join(',')}]`, next);
}

function filterOf(query: URLSearchParams): InstanceFilter {
  return {
    createdFrom: readTime(query, 'createdTimeFrom'),
    createdTo: readTime(query, 'createdTimeTo'),
    statuses: statusesOf(query),
    idPrefix: query.get('instanceIdPrefix') ?? undefined,
  };
}

function statusesOf(query: URLSearchParams): RuntimeStatus[] {
  const names = query.getAll('runtimeStatus').flatMap((text) => text.split(','));
  return names
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
    .flatMap((name) => {
      const status = STATUSES.find((candidate) => candidate.toLowerCase() === name);
      if (status !== undefined) return [status];
      // Statuses of the original that no instance has here.
      if (name === 'canceled' || name === 'continuedasnew') return [];
      throw new BadRequest(`'${name}' is no runtimeStatus; they are ${STATUSES.join(', ')}.`);
    });
}

function tokenOf({ createdAt, id }: Instance): string {
  return Buffer.from(JSON.stringify({ createdAt, id })).toString('base64url');
}

function readToken(token: string | null): InstanceCursor | undefined {
  if (token === null || token === '') return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    const { createdAt, id } = value as InstanceCursor;
    if (typeof createdAt === 'number' && typeof id === 'string') return { createdAt, id };
  } catch {
    // Said below.
  }
  throw new BadRequest(`${TOKEN} is none that a list answered.`);
}

/** Forgets an ended instance. */
export function purgeInstance({ hub, values: [id = ''] }: Call): ManagementResponse {
  const instance = hub.store.instances.read(id);
  if (instance === undefined) return unknown(id);
  if (!isTerminal(instance.status)) {
    return problem(409, `The instance '${id}' is ${instance.status}; terminate it before it is purged.`);
  }
  hub.change(() => erase(hub.store, id));
  return json(200, { instancesDeleted: 1 });
}

/** Forgets ended instances that were created in a span of time. */
export function purgeInstances({ hub, request }: Call): ManagementResponse {
  const filter = filterOf(request.query);
  if (filter.createdFrom === undefined) throw new BadRequest('createdTimeFrom is needed to purge many instances.');
  const instances = hub.store.instances.list(filter, undefined, Number.MAX_SAFE_INTEGER);
  const ended = instances.filter(({ status }) => isTerminal(status));
  if (ended.length === 0) return problem(404, 'No ended instance is in that span.');
  hub.change(() => ended.forEach(({ id }) => erase(hub.store, id)));
  return json(200, { instancesDeleted: ended.length });
}
