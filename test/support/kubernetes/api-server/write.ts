import { type Admission, admit } from '../admission.ts';
import { groupVersionOf, type Kind } from './kinds.ts';
import { canonical, type Fields, isFields, type KubeObject, type Metadata, without } from './object.ts';
import { ApiFault, badRequest, conflict, invalid } from './status.ts';
import { checkBuiltIn, type Manner } from './validation.ts';

/** What a write needs besides the object. */
export interface WriteContext {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly subresource?: string | undefined;
  /** RFC 3339, whole seconds. */
  readonly now: string;
  readonly createUid: () => string;
  /** `Strict` refuses unknown fields; all others drop them. */
  readonly fieldValidation: string;
  readonly manner: Manner;
}

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** Reads a body as an object of a kind; throws 400 where it is none. */
export function asObject(body: unknown, { kind, namespace }: Pick<WriteContext, 'kind' | 'namespace'>): KubeObject {
  if (!isFields(body)) throw badRequest('the body of the request is not an object');
  const metadata = isFields(body['metadata']) ? body['metadata'] : {};
  if (body['kind'] !== kind.kind || body['apiVersion'] !== groupVersionOf(kind)) {
    throw badRequest(
      `${String(body['apiVersion'])}, Kind=${String(body['kind'])} is not ${groupVersionOf(kind)}, Kind=${kind.kind}`,
    );
  }
  const own = metadata['namespace'] ?? namespace;
  if (kind.namespaced && own !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return { ...body, metadata: { ...metadata, ...(kind.namespaced ? { namespace } : {}) } } as KubeObject;
}

/** A new object as it is stored, still without version and managers. */
export function created(sent: KubeObject, context: WriteContext): KubeObject {
  const { kind, now, createUid } = context;
  const { generateName } = sent.metadata;
  const name = sent.metadata.name || (generateName ? `${generateName}${createUid().slice(0, 5)}` : '');
  const server = { uid: createUid(), creationTimestamp: now, ...(kind.generation ? { generation: 1 } : {}) };
  const own = without(sent.metadata, 'resourceVersion', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink');
  if (sent.metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  if (name === '') {
    const message = 'Required value: name or generateName is required';
    throw invalid(kind, '', [{ reason: 'FieldValueRequired', message, field: 'metadata.name' }]);
  }
  if (!NAME.test(name)) {
    const message = `Invalid value: ${JSON.stringify(name)}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`;
    throw invalid(kind, name, [{ reason: 'FieldValueInvalid', message, field: 'metadata.name' }]);
  }
  const object = { ...(kind.status ? without(sent, 'status') : sent), metadata: { ...own, name, ...server } };
  return admitted(object, context);
}

/** An object as it is stored after a change; equal to the live one where nothing is changed. */
export function updated(live: KubeObject, sent: KubeObject, context: WriteContext): KubeObject {
  const { kind, subresource } = context;
  checkIdentity(live, sent, kind);
  const merged = subresource === 'status' ? { ...live, ...pick(sent, 'status') } : mainPart(live, sent, kind);
  const object = admitted(merged, context);
  if (subresource === undefined) checkImmutable(live, object, kind);
  if (!kind.generation || subresource !== undefined || canonical(desired(live)) === canonical(desired(object)))
    return object;
  const generation = (live.metadata.generation ?? 0) + 1;
  return { ...object, metadata: { ...object.metadata, generation } };
}

function desired(object: KubeObject): Fields {
  return without(object, 'metadata', 'status');
}

function pick(object: KubeObject, name: string): Fields {
  return Object.hasOwn(object, name) ? { [name]: object[name] } : {};
}

const SERVERS_OWN = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

function mainPart(live: KubeObject, sent: KubeObject, kind: Kind): KubeObject {
  const server = Object.entries(live.metadata).filter(([name]) => SERVERS_OWN.includes(name));
  const own = without(sent.metadata, ...SERVERS_OWN);
  const metadata: Metadata = { ...own, name: live.metadata.name, ...Object.fromEntries(server) };
  return { ...(kind.status ? { ...without(sent, 'status'), ...pick(live, 'status') } : sent), metadata };
}

function checkIdentity(live: KubeObject, sent: KubeObject, kind: Kind): void {
  const { name, uid, resourceVersion } = sent.metadata;
  const { metadata } = live;
  if (name !== metadata.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${metadata.name})`);
  }
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(kind, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`);
  }
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      kind,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }
}

/** Fields outside of which a StatefulSet's spec never changes. */
const STATEFUL_SET_FREE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
  'revisionHistoryLimit',
];

function fixedPart(object: KubeObject, { kind }: Kind): readonly [field: string, value: unknown] {
  if (kind === 'StatefulSet')
    return ['spec', isFields(object['spec']) ? without(object['spec'], ...STATEFUL_SET_FREE) : undefined];
  if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding') return ['roleRef', object['roleRef']];
  if (kind === 'Secret') return ['type', object['type'] ?? 'Opaque'];
  return ['', undefined];
}

function checkImmutable(live: KubeObject, object: KubeObject, kind: Kind): void {
  const [field, value] = fixedPart(object, kind);
  const locked = live['immutable'] === true && canonical(desired(live)) !== canonical(desired(object));
  if (!locked && canonical(value ?? null) === canonical(fixedPart(live, kind)[1] ?? null)) return;
  const message = 'Forbidden: field is immutable';
  throw invalid(kind, live.metadata.name, [{ reason: 'FieldValueForbidden', message, field: locked ? 'data' : field }]);
}

function admitted(object: KubeObject, { kind, fieldValidation, manner }: WriteContext): KubeObject {
  if (kind.kind === 'Secret') return encoded(object);
  if (kind.schema === undefined) {
    checkBuiltIn(object, kind, manner);
    return object;
  }
  const { object: kept, faults, unknown }: Admission = admit(kind.schema, object);
  if (unknown.length > 0 && fieldValidation === 'Strict') {
    const fields = unknown.map((path) => `unknown field "${path.replace(/^\./, '')}"`);
    throw new ApiFault(400, 'BadRequest', `strict decoding error: ${fields.join(', ')}`);
  }
  if (faults.length === 0) return kept as KubeObject;
  const causes = faults.map((fault) => {
    const [path, ...message] = fault.split(': ');
    return {
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${message.join(': ')}`,
      field: path.replaceAll('/', '.').replace(/^\./, ''),
    };
  });
  throw invalid(kind, object.metadata.name, causes);
}

/** Texts of a Secret are stored as base64. */
function encoded(object: KubeObject): KubeObject {
  const { stringData, ...rest } = object;
  if (!isFields(stringData)) return object;
  const texts = Object.entries(stringData).map(([name, text]) => [name, Buffer.from(String(text)).toString('base64')]);
  return { ...rest, data: { ...(isFields(rest['data']) ? rest['data'] : {}), ...Object.fromEntries(texts) } };
}
