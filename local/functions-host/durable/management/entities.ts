import type { ManagementResponse } from '../../ports.ts';
import { entityId } from '../actions.ts';
import { partsOf } from '../entities.ts';
import type { Entity } from '../model.ts';
import { ACCEPTED, json, jsonTextAnswer, problem, readBody, readCount, readSwitch, readTime } from './answers.ts';
import type { Call } from './call.ts';

const TOKEN = 'x-ms-continuation-token';
const PAGE = 100;
const LARGEST_PAGE = 1000;

/** Entities that exist, all or those of a name, page by page. */
export function listEntities({ hub, request, values: [name] }: Call): ManagementResponse {
  const { query, headers } = request;
  const limit = readCount(query, 'top', PAGE, LARGEST_PAGE);
  const filter = {
    idPrefix: name === undefined ? '@' : entityId(name, ''),
    updatedFrom: readTime(query, 'lastOperationTimeFrom'),
    updatedTo: readTime(query, 'lastOperationTimeTo'),
  };
  const after = Buffer.from(headers.get(TOKEN) ?? '', 'base64url').toString();
  const found = hub.store.entities.list(filter, after, limit + 1);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next =
    found.length > limit && last !== undefined ? { [TOKEN]: Buffer.from(last.id).toString('base64url') } : {};
  const withState = readSwitch(query, 'fetchState', true);
  return json(
    200,
    page.map((entity) => viewOf(entity, withState)),
    next,
  );
}

function viewOf({ id, state, updatedAt }: Entity, withState: boolean): object {
  return {
    entityId: partsOf(id),
    lastOperationTime: new Date(updatedAt).toISOString(),
    ...(withState ? { state: JSON.parse(stateText(state)) } : {}),
  };
}

function stateText(state: string | undefined): string {
  return state === undefined || state === '' ? 'null' : state;
}

/** The state of an entity. */
export function readEntity({ hub, values: [name = '', key = ''] }: Call): ManagementResponse {
  const state = hub.store.entities.read(entityId(name, key))?.state;
  return state === undefined ? missing(name, key) : jsonTextAnswer(200, stateText(state));
}

function missing(name: string, key: string): ManagementResponse {
  return problem(404, `There is no entity '${name}' with the key '${key}'.`);
}

/** Sends an operation to an entity; nobody waits for what comes of it. */
export function signalEntity({ hub, request, values: [name = '', key = ''] }: Call): ManagementResponse {
  if (hub.functions.find('entity', name) === undefined) {
    return problem(400, `The app has no entity function named '${name}'.`);
  }
  const operation = request.query.get('op') ?? '';
  const input = request.body.trim() === '' ? {} : { input: readBody(request.body) };
  hub.change((outbox) =>
    outbox.send(entityId(name, key), { kind: 'operation', id: hub.uuid(), name: operation, ...input }),
  );
  return ACCEPTED;
}

/** Forgets the state of an entity. */
export function deleteEntity({ hub, values: [name = '', key = ''] }: Call): ManagementResponse {
  const entity = hub.store.entities.read(entityId(name, key));
  if (entity?.state === undefined) return missing(name, key);
  // What it does now would bring the state back.
  if (entity.lock !== undefined || hub.store.inbox.read(entity.id).length > 0) {
    return problem(409, `The entity '${name}' with the key '${key}' is locked or at work.`);
  }
  hub.change(() => hub.store.entities.remove(entity.id));
  return json(200, { entitiesDeleted: 1 });
}
