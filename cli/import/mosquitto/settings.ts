import { type Note, noteAt } from '../note.ts';
import { BROKER_DIRECTIVES, boolOf, DIRECTIVES, isHarmless } from './directives.ts';
import type { Directive, Section } from './lines.ts';

/** Reads the directives of a section by name; the last one of a name counts. */
export interface Settings {
  readonly find: (...names: readonly string[]) => Directive | undefined;
  readonly text: (...names: readonly string[]) => string | undefined;
  /** A truth value; the default also for one that Mosquitto would refuse. */
  readonly flag: (name: string, fallback: boolean) => boolean;
  /** A whole number in the range, or undefined. */
  readonly number: (name: string, least: number, most: number) => number | undefined;
}

/** The settings of a section. */
export function settingsOf({ directives }: Section): Settings {
  const find = (...names: readonly string[]) => directives.findLast(({ name }) => names.includes(name));
  const text = (...names: readonly string[]) => find(...names)?.value || undefined;
  return {
    find,
    text,
    flag: (name, fallback) => boolOf(text(name) ?? '') ?? fallback,
    number(name, least, most) {
      const value = text(name);
      if (value === undefined || !/^\d{1,10}$/.test(value)) return undefined;
      return Math.min(Math.max(Number(value), least), most);
    },
  };
}

const FLAGS = new Set([
  'bridge_insecure',
  'bridge_outgoing_retain',
  'cleansession',
  'local_cleansession',
  'notifications',
  'notifications_local_only',
  'round_robin',
  'try_private',
]);
const NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  keepalive_interval: [5, 65_535],
  bridge_max_packet_size: [1024, 268_435_455],
  bridge_receive_maximum: [1, 65_535],
  bridge_session_expiry_interval: [0, 4_294_967_295],
};

/** What the table says about each line of a section. */
export function directiveNotes({ directives }: Section): Note[] {
  return directives.flatMap((directive) => {
    const { name, value } = directive;
    const row = DIRECTIVES.get(name);
    if (row === undefined) return unknownDirective(directive);
    const what = row.secret || value === '' ? name : `${name} ${value}`;
    const broken = valueFault(directive);
    if (broken !== undefined) return [noteAt(directive, 'error', { what, ...broken })];
    if (row.outcome === 'carried' || isHarmless(row, value)) return clampNote(directive, what);
    const note = noteAt(directive, row.outcome, { what, why: row.why, advice: row.advice });
    return [note, ...clampNote(directive, what)];
  });
}

function unknownDirective(directive: Directive): Note[] {
  const { name } = directive;
  // Plugins have options of their own.
  if (BROKER_DIRECTIVES.has(name) || name.startsWith('auth_opt_') || name.startsWith('plugin_opt_')) return [];
  const why = 'it is no directive of Mosquitto 2.0';
  const advice = /\t/.test(name) ? 'write a space where the tab is' : 'correct or remove the line';
  return [noteAt(directive, 'notCarried', { what: name.split('\t')[0] ?? '', why, advice })];
}

function valueFault({ name, value }: Directive): { readonly why: string; readonly advice: string } | undefined {
  if (value === '' && name !== 'topic')
    return { why: 'there is no value', advice: 'give it a value, or remove the line' };
  if (FLAGS.has(name) && boolOf(value) === undefined) {
    return { why: 'it is neither true nor false', advice: 'write true or false' };
  }
  if (name === 'bridge_protocol_version' && !/^mqttv(?:31|311|50)$/.test(value)) {
    return { why: 'it is no version of MQTT', advice: 'write mqttv50 or mqttv311' };
  }
  if (name in NUMBERS && !/^\d{1,10}$/.test(value)) return { why: 'it is no whole number', advice: 'write a number' };
  return undefined;
}

function clampNote(directive: Directive, what: string): Note[] {
  const [least, most] = NUMBERS[directive.name] ?? [0, Number.POSITIVE_INFINITY];
  const value = Number(directive.value);
  // 0 stands for "no limit".
  if (!(value < least || value > most) || (value === 0 && directive.name === 'bridge_max_packet_size')) return [];
  const advice = 'see whether that suits';
  return [noteAt(directive, 'changed', { what, why: `the field takes ${least} to ${most}`, advice })];
}
