import type { LoadedResource } from '../../../shared/config/load.ts';
import { formatPath, type Path } from '../../../shared/config/position.ts';
import { fieldsAt, presentName, renamedField } from '../../../shared/config/renamed.ts';
import { type Note, noteAt } from '../note.ts';
import { type Fields, isFields } from '../record.ts';

/** The spec of an old resource with the names and spellings of now, and what had to go. */
export interface PresentForm {
  readonly spec: Fields;
  readonly notes: readonly Note[];
}

interface Walk {
  readonly prefix: 'BC' | 'TM';
  readonly resource: LoadedResource;
  readonly notes: Note[];
}

/** Renames what was renamed, respells what was spelled in another way, and leaves out what there is no place for. */
export function presentForm(prefix: 'BC' | 'TM', resource: LoadedResource): PresentForm {
  const walk: Walk = { prefix, resource, notes: [] };
  const { spec } = resource.value;
  const value = isFields(spec) ? fieldsOf(walk, spec, { old: ['spec'], now: ['spec'] }) : {};
  return { spec: value, notes: walk.notes };
}

/** Where a value stands in the old resource, and where in the new one. */
interface At {
  readonly old: Path;
  readonly now: Path;
}

function fieldsOf(walk: Walk, value: Fields, at: At): Fields {
  const known = fieldsAt(walk.prefix, at.now);
  const entries: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null || inner === undefined) continue;
    const old = [...at.old, key];
    const name = known.includes(key) ? key : presentName(walk.prefix, at.now, key);
    const gone = name === undefined ? noPlace(walk, at, key) : OBSOLETE[formatPath([...at.now, name])];
    if (gone !== undefined)
      walk.notes.push(noteAt(placeOf(walk, old), 'notCarried', { what: formatPath(old), ...gone }));
    else if (name !== undefined) entries.push([name, valueOf(walk, inner, { old, now: [...at.now, name] })]);
  }
  return Object.fromEntries(entries);
}

function valueOf(walk: Walk, value: unknown, at: At): unknown {
  const spelled = respelled(at.now.at(-1), value);
  if (Array.isArray(spelled)) {
    return spelled.map((item, index) => valueOf(walk, item, { old: [...at.old, index], now: [...at.now, index] }));
  }
  return isFields(spelled) ? fieldsOf(walk, spelled, at) : spelled;
}

function noPlace({ prefix }: Walk, at: At, key: string): Pick<Note, 'why' | 'advice'> {
  return {
    why: 'the resource has no such field',
    advice: renamedField(prefix, at.now, key) ?? 'see docs/reference/fields.md for what it has',
  };
}

/** Fields that still exist and whose old value means nothing now. */
const OBSOLETE: Readonly<Record<string, Pick<Note, 'why' | 'advice'>>> = {
  'spec.image': {
    why: 'it names the image of the original program',
    advice: 'name an image of this agent, or leave the choice to the operator',
  },
};

/** Values that old versions, and the sources they were copied from, spell in another way. */
function respelled(field: string | number | undefined, value: unknown): unknown {
  if (field === 'tlsEnabled' && typeof value === 'string') return /^(?:enabled|true)$/i.test(value);
  if (field === 'logLevel' && typeof value === 'string') return value.toLowerCase();
  if (field === 'protocol' && typeof value === 'string') return PROTOCOLS[value.toLowerCase()] ?? value;
  if (field === 'direction' && typeof value === 'string')
    return DIRECTIONS[value.toLowerCase().replaceAll(/[^a-z]/g, '')] ?? value;
  const counts = field === 'qos' || field === 'bridgeInstances' || field === 'groupMinimumShareNumber';
  return counts && typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  v5: 'v5',
  v3: 'v3',
  '5': 'v5',
  '3': 'v3',
  mqtt: 'mqtt',
  websocket: 'webSocket',
  websockets: 'webSocket',
};

const DIRECTIONS: Readonly<Record<string, string>> = {
  localtoremote: 'local-to-remote',
  remotetolocal: 'remote-to-local',
};

function placeOf({ resource }: Walk, path: Path) {
  return { file: resource.file, ...resource.locate(path, 'key') };
}
