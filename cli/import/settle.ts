import { validateConfig } from '../../shared/config/validate.ts';
import type { Problem } from '../../shared/problem.ts';
import type { DraftBridge, Remark } from './imported.ts';
import { type Note, noteAt } from './note.ts';
import { renderYaml } from './render.ts';

/** A bridge that validates, and its YAML. */
export interface SettledBridge {
  readonly bridge: DraftBridge;
  readonly yaml: string;
  /** Warnings of the validation, placed in the YAML. */
  readonly warnings: readonly Problem[];
}

/** What of the drafts is valid, and what is said about the rest. */
export interface Settled {
  readonly bridges: readonly SettledBridge[];
  readonly notes: readonly Note[];
}

/** Proves every draft by the validation that `run` and `apply` use; what does not pass is left out and says why. */
export function settle(drafts: readonly DraftBridge[]): Settled {
  const bridges: SettledBridge[] = [];
  const notes: Note[] = [];
  const seen = new Set<string>();
  for (const draft of drafts) {
    const twice = nameTaken(draft, seen);
    const proved = twice ?? prove(draft);
    if ('kind' in proved) notes.push(proved);
    else {
      bridges.push(proved.settled);
      notes.push(...proved.notes);
    }
  }
  return { bridges, notes };
}

function nameTaken({ place, connector }: DraftBridge, seen: Set<string>): Note | undefined {
  const { name, namespace = '' } = connector.value.metadata;
  const key = `${namespace}/${name}`;
  if (seen.has(key)) {
    const advice = 'import the files one by one with --name, or rename one of the two';
    return noteAt(place, 'error', { what: `connector ${name}`, why: 'another one has this name', advice });
  }
  seen.add(key);
  return undefined;
}

const NEEDS_V5: Remark = {
  path: ['spec', 'protocol'],
  text: 'DECIDE: both brokers must speak MQTT 5, or the two directions need different topics',
};

type Proved = { readonly settled: SettledBridge; readonly notes: readonly Note[] };

function prove(bridge: DraftBridge): Proved | Note {
  const first = check(bridge);
  const { spec } = bridge.connector.value;
  const loops = first.problems.some(({ rule }) => rule === 'XR008') && spec.maxHops === undefined;
  if (loops && first.errors.every(({ rule }) => rule === 'XR008')) return proveWithoutEcho(bridge);
  return first.errors.length === 0 ? { settled: first.settled, notes: [] } : invalid(bridge, first.errors);
}

/** Both directions share topics: what comes back is known by its hops, which MQTT 3.1.1 has no place for. */
function proveWithoutEcho(bridge: DraftBridge): Proved | Note {
  const { connector, place } = bridge;
  const value = { ...connector.value, spec: { ...connector.value.spec, protocol: 'v5' as const, maxHops: 1 } };
  const remarks = [
    ...connector.remarks,
    ...(connector.value.spec.protocol === 'v3' ? [NEEDS_V5] : []),
    { path: ['spec', 'maxHops'], text: 'a message that one bridge of this kind has carried is not carried back' },
  ];
  const { errors, settled } = check({ ...bridge, connector: { value, remarks } });
  if (errors.length > 0) return invalid(bridge, errors);
  const note = noteAt(place, 'changed', {
    what: `connector ${value.metadata.name}`,
    why: 'both directions share topics, and only MQTT 5 has a way to stop what comes back: protocol is v5, maxHops is 1',
    advice: 'let both brokers speak MQTT 5; or give the directions different topics and go back to v3',
  });
  return { settled, notes: [note] };
}

function invalid({ place }: DraftBridge, errors: readonly Problem[]): Note {
  const [error] = errors;
  return noteAt(place, 'error', {
    what: error?.path || 'bridge',
    why: `${error?.rule} ${error?.message}${errors.length > 1 ? `, and ${errors.length - 1} more` : ''}`,
    advice: error?.advice ?? '',
  });
}

function check(bridge: DraftBridge) {
  const { connector, topicMaps, commands } = bridge;
  const yaml = renderYaml([connector, ...topicMaps], commands);
  const { problems } = validateConfig([{ name: `${connector.value.metadata.name}.yaml`, text: yaml }]);
  const errors = problems.filter(({ severity }) => severity === 'error');
  return {
    problems,
    errors,
    settled: { bridge, yaml, warnings: problems.filter(({ severity }) => severity === 'warning') },
  };
}
