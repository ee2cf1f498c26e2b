import type { ConfigFile } from '../../../shared/config/load.ts';
import type { Place } from '../note.ts';

/** One line of a mosquitto.conf. */
export interface Directive extends Place {
  readonly name: string;
  /** The rest of the line without blanks around it. */
  readonly value: string;
}

/** A `connection` and the lines up to the next one. */
export interface Section {
  readonly head: Directive;
  readonly directives: readonly Directive[];
}

/** A mosquitto.conf taken apart; a section ends with its file. */
export interface MosquittoConf {
  readonly globals: readonly Directive[];
  readonly sections: readonly Section[];
}

/** Whether a text reads like a mosquitto.conf with a bridge in it. */
export function isMosquittoConf(text: string): boolean {
  return /^ *connection +\S/m.test(text) || /^ *(?:include_dir|listener|persistence_location) +\S/m.test(text);
}

/** Takes the lines apart as Mosquitto does: at spaces, with comments only at the beginning of a line. */
export function parseConf(file: ConfigFile): MosquittoConf {
  const globals: Directive[] = [];
  const sections: { head: Directive; directives: Directive[] }[] = [];
  for (const directive of directivesOf(file)) {
    if (directive.name === 'connection') sections.push({ head: directive, directives: [] });
    else (sections.at(-1)?.directives ?? globals).push(directive);
  }
  return { globals, sections };
}

function directivesOf({ name: file, text }: ConfigFile): Directive[] {
  return text.split('\n').flatMap((row, index) => {
    if (row.startsWith('#')) return [];
    const [, indent = '', name, rest = ''] = /^( *)([^ ]+)(.*)$/.exec(row.replace(/\r+$/, '')) ?? [];
    if (name === undefined) return [];
    return [{ file, line: index + 1, column: indent.length + 1, name, value: rest.trim() }];
  });
}

/** The words of a value, which stand between spaces. */
export function wordsOf({ value }: Directive): string[] {
  return value.split(/ +/).filter((word) => word !== '');
}
