import { ApiFault, badRequest } from './status.ts';
import { canonical, type Fields, isFields } from './object.ts';

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const fields: Fields = isFields(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete fields[name];
    else fields[name] = mergePatch(fields[name], value);
  }
  return fields;
}

/** RFC 6902; an operation that does not fit throws a fault with 422 or 400. */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch is a list of operations');
  return operations.reduce<unknown>((document, operation: unknown) => {
    if (!isFields(operation)) throw badRequest('an operation of a JSON patch is an object');
    return performed(document, operation);
  }, structuredClone(target));
}

function performed(document: unknown, { op, path, from, value }: Fields): unknown {
  const to = pointer(path);
  if (op === 'add') return added(document, to, value);
  if (op === 'remove') return dropped(document, to);
  if (op === 'replace') return added(dropped(document, to), to, value);
  if (op === 'move') {
    const moved = read(document, pointer(from));
    return added(dropped(document, pointer(from)), to, moved);
  }
  if (op === 'copy') return added(document, to, structuredClone(read(document, pointer(from))));
  if (op !== 'test') throw badRequest(`unexpected kind: ${String(op)}`);
  if (canonical(read(document, to)) === canonical(value)) return document;
  throw notApplicable();
}

function pointer(path: unknown): string[] {
  if (path === '') return [];
  if (typeof path !== 'string' || !path.startsWith('/')) throw badRequest('a path begins with /');
  const parts = path.slice(1).split('/');
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The API server does not say which operation it was. */
function notApplicable(): ApiFault {
  return new ApiFault(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

function read(document: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, name) => {
    if (Array.isArray(node) && Number(name) < node.length) return node[Number(name)];
    if (isFields(node) && Object.hasOwn(node, name)) return node[name];
    throw notApplicable();
  }, document);
}

function added(document: unknown, path: readonly string[], value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(last === '-' ? parent.length : Number(last), 0, value);
  else if (isFields(parent)) parent[last] = value;
  else throw notApplicable();
  return document;
}

function dropped(document: unknown, path: readonly string[]): unknown {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  read(document, path);
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isFields(parent)) delete parent[last];
  return document;
}
