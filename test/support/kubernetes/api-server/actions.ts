import { apply, type ApplyConflict } from './apply.ts';
import { KINDS, type Kind } from './kinds.ts';
import { managersAfterUpdate, type Writer } from './managed-fields.ts';
import { listObjects } from './listing.ts';
import { canonical, isFields, type KubeObject, without } from './object.ts';
import { jsonPatch, mergePatch } from './patch.ts';
import { isTrue, type ResourceRequest } from './request.ts';
import { shapeOf } from './shape.ts';
import { ApiFault, badRequest, conflict, notFound, succeeded } from './status.ts';
import { collectGarbage, hasOwner, type Store } from './store.ts';
import { checkTyped } from './typed.ts';
import { mannerOf } from './validation.ts';
import { asObject, created, updated, type WriteContext } from './write.ts';

/** What an action needs. */
export interface ActionContext {
  readonly store: Store;
  readonly now: () => Date;
  readonly createUid: () => string;
}

/** What is answered. */
export interface Answer {
  readonly code: number;
  readonly body: object;
}

/** Answers a request for objects, watches aside; throws ApiFault. */
export function act(context: ActionContext, request: ResourceRequest): Answer {
  const { verb } = request;
  if (verb === 'list') return { code: 200, body: listObjects(context.store, request) };
  if (verb === 'get') return { code: 200, body: existing(context.store, request) };
  if (verb === 'create') return create(context, request);
  if (verb === 'update') return replace(context, request);
  if (verb === 'patch') return patch(context, request);
  if (verb === 'delete') return remove(context, request, existing(context.store, request));
  const body = listObjects(context.store, request);
  for (const object of body.items) remove(context, request, object);
  return { code: 200, body };
}

function existing(store: Store, { kind, namespace, name = '' }: ResourceRequest): KubeObject {
  const object = store.get(kind, namespace, name);
  if (object === undefined) throw notFound(kind, name);
  return object;
}

function timeOf(context: ActionContext): string {
  return context
    .now()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z');
}

function writeContext(context: ActionContext, request: ResourceRequest): WriteContext {
  const { kind, namespace, subresource, query } = request;
  const fieldValidation = query.get('fieldValidation') ?? 'Warn';
  const now = timeOf(context);
  return {
    kind,
    namespace,
    subresource,
    now,
    createUid: context.createUid,
    fieldValidation,
    manner: mannerOf(request),
  };
}

function writerOf(context: ActionContext, request: ResourceRequest, operation: Writer['operation']): Writer {
  const { query, client, subresource } = request;
  return { manager: query.get('fieldManager') ?? client, operation, time: timeOf(context), subresource };
}

function isDryRun(request: ResourceRequest): boolean {
  const given = [...request.query.getAll('dryRun'), isFields(request.body) ? request.body['dryRun'] : undefined].flat();
  return given.includes('All');
}

function keep(context: ActionContext, request: ResourceRequest, object: KubeObject): KubeObject {
  if (isDryRun(request)) return object;
  const kept = context.store.put(request.kind, object);
  if (!hasOwner(context.store, kept)) collect(context);
  return kept;
}

function collect({ store, now }: ActionContext): void {
  collectGarbage(store, (kind, object) => void end(store, kind, object, now()));
}

function create(context: ActionContext, request: ResourceRequest): Answer {
  const { kind, body, namespace } = request;
  const sent = asObject(body, request);
  const object = created(
    { ...sent, metadata: without(sent.metadata, 'managedFields') },
    writeContext(context, request),
  );
  const { name } = object.metadata;
  if (context.store.get(kind, namespace, name)) {
    const { message, details } = notFound(kind, name);
    throw new ApiFault(409, 'AlreadyExists', message.replace('not found', 'already exists'), details);
  }
  const writer = writerOf(context, request, 'Update');
  const managedFields = managersAfterUpdate(undefined, object, { writer, shape: shapeOf(kind) });
  return { code: 201, body: keep(context, request, { ...object, metadata: { ...object.metadata, managedFields } }) };
}

function replace(context: ActionContext, request: ResourceRequest): Answer {
  const live = existing(context.store, request);
  const sent = asObject(request.body, request);
  if (!request.kind.unconditional && !sent.metadata.resourceVersion) {
    throw new ApiFault(422, 'Invalid', 'metadata.resourceVersion: Invalid value: 0: must be specified for an update');
  }
  return write(context, request, { live, sent });
}

function write(
  context: ActionContext,
  request: ResourceRequest,
  { live, sent }: { live: KubeObject; sent: KubeObject },
): Answer {
  const { kind } = request;
  const object = updated(live, sent, writeContext(context, request));
  const writer = writerOf(context, request, 'Update');
  const managedFields = managersAfterUpdate(live, object, { writer, shape: shapeOf(kind) });
  return store(context, request, { live, object: { ...object, metadata: { ...object.metadata, managedFields } } });
}

/** What changes nothing gets no new version; what was only waiting for its last finalizer goes. */
function store(
  context: ActionContext,
  request: ResourceRequest,
  { live, object }: { live: KubeObject; object: KubeObject },
): Answer {
  if (canonical(live) === canonical(object)) return { code: 200, body: live };
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0 || isDryRun(request)) {
    return { code: 200, body: keep(context, request, object) };
  }
  const gone = context.store.remove(request.kind, object);
  collect(context);
  return { code: 200, body: gone };
}

function patch(context: ActionContext, request: ResourceRequest): Answer {
  const type = request.contentType.split(';')[0].trim();
  if (type === 'application/apply-patch+yaml') return applyPatch(context, request);
  const live = existing(context.store, request);
  const plain = structuredClone(live);
  if (type === 'application/merge-patch+json')
    return write(context, request, { live, sent: patched(mergePatch(plain, request.body)) });
  if (type === 'application/json-patch+json')
    return write(context, request, { live, sent: patched(jsonPatch(plain, request.body)) });
  const message = `the body of the request was in an unknown format - ${type}`;
  throw new ApiFault(415, 'UnsupportedMediaType', message);
}

function patched(value: unknown): KubeObject {
  if (isFields(value) && isFields(value['metadata'])) return value as KubeObject;
  throw badRequest('a patch leaves an object with metadata');
}

function applyPatch(context: ActionContext, request: ResourceRequest): Answer {
  const { kind, namespace, name = '', subresource, query } = request;
  if (!query.get('fieldManager'))
    throw badRequest(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  const live = context.store.get(kind, namespace, name);
  if (live === undefined && subresource !== undefined) throw notFound(kind, name);
  const sent = asObject(request.body, request);
  if (sent.metadata.managedFields) throw badRequest('metadata.managedFields must be nil');
  const { resourceVersion, uid } = sent.metadata;
  if (live && resourceVersion && resourceVersion !== live.metadata.resourceVersion)
    throw conflict(
      kind,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  if (live === undefined && uid !== undefined)
    throw conflict(kind, name, 'uid mismatch: the object to apply does not exist');
  checkTyped(sent, kind.schema);
  const config = applicable(sent, kind, subresource);
  const writer = writerOf(context, request, 'Apply');
  const result = apply(
    live,
    { ...config, metadata: { ...config.metadata, name } },
    { writer, shape: shapeOf(kind), force: isTrue(query.get('force')) },
  );
  if (result.kind === 'conflict') throw applyConflict(result.conflicts);
  const { object } = result;
  const written = writeContext(context, request);
  if (live === undefined) return { code: 201, body: keep(context, request, created(object, written)) };
  const { managedFields } = object.metadata;
  const now = updated(live, object, written);
  const metadata = { ...now.metadata, ...(managedFields ? { managedFields } : {}) };
  return store(context, request, { live, object: { ...now, metadata } });
}

/** Fields that this address does not write are not owned through it either. */
function applicable(sent: KubeObject, kind: Kind, subresource: string | undefined): KubeObject {
  if (subresource === undefined) return kind.status ? without(sent, 'status') : sent;
  const { apiVersion, metadata, status } = sent;
  const { name, namespace } = metadata;
  return { apiVersion, kind: kind.kind, metadata: { name, ...(namespace ? { namespace } : {}) }, status };
}

function applyConflict(conflicts: readonly ApplyConflict[]): ApiFault {
  const causes = conflicts.flatMap(({ entry, fields }) =>
    fields.map((field) => ({
      reason: 'FieldManagerConflict',
      message:
        entry.operation === 'Apply'
          ? `conflict with "${entry.manager}"`
          : `conflict with "${entry.manager}" using ${entry.apiVersion}`,
      field,
    })),
  );
  const plural = causes.length === 1 ? 'conflict' : 'conflicts';
  const text = causes.map(({ message, field }) => `${message}: ${field}`).join('; ');
  return new ApiFault(409, 'Conflict', `Apply failed with ${causes.length} ${plural}: ${text}`, { causes });
}

/** Begins or finishes the deletion of an object; undefined when it still waits for finalizers. */
function end(store: Store, kind: Kind, object: KubeObject, now: Date): KubeObject | undefined {
  if ((object.metadata.finalizers ?? []).length === 0) return store.remove(kind, object);
  if (object.metadata.deletionTimestamp !== undefined) return undefined;
  const deletionTimestamp = now.toISOString().replace(/\.\d+Z$/, 'Z');
  store.put(kind, { ...object, metadata: { ...object.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 } });
  return undefined;
}

function remove(context: ActionContext, request: ResourceRequest, object: KubeObject): Answer {
  const { kind } = request;
  const { name, uid, namespace } = object.metadata;
  const options = isFields(request.body) ? request.body : {};
  checkPreconditions(object, kind, options['preconditions']);
  const details = { name, group: kind.group, kind: kind.plural, ...(uid ? { uid } : {}) };
  if (isDryRun(request)) return { code: 200, body: succeeded(details) };
  if ((options['propagationPolicy'] ?? request.query.get('propagationPolicy')) === 'Orphan') orphan(context.store, uid);
  if (end(context.store, kind, object, context.now()) === undefined) {
    return { code: 200, body: context.store.get(kind, namespace, name) ?? object };
  }
  collect(context);
  return { code: 200, body: succeeded(details) };
}

function checkPreconditions(object: KubeObject, kind: Kind, preconditions: unknown): void {
  if (!isFields(preconditions)) return;
  const { metadata } = object;
  for (const name of ['uid', 'resourceVersion'] as const) {
    const wanted = preconditions[name];
    if (wanted === undefined || wanted === null || wanted === metadata[name]) continue;
    throw conflict(
      kind,
      metadata.name,
      `Precondition failed: ${name} in precondition: ${JSON.stringify(wanted)}, in object meta: ${metadata[name]}`,
    );
  }
}

function orphan(store: Store, uid: string | undefined): void {
  const owned = KINDS.flatMap((kind) => store.list(kind).map((object) => ({ kind, object })));
  for (const { kind, object } of owned) {
    const { ownerReferences = [] } = object.metadata;
    const left = ownerReferences.filter((owner) => owner.uid !== uid);
    if (left.length === ownerReferences.length) continue;
    const plain = without(object.metadata, 'ownerReferences');
    store.put(kind, { ...object, metadata: left.length === 0 ? plain : { ...plain, ownerReferences: left } });
  }
}
