/** Where something stands in a file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * What became of something that could not be taken over as it was: it works in another way now, it is left out, or it
 * is so broken that what it belongs to was not imported.
 */
export type NoteKind = 'changed' | 'notCarried' | 'error';

/** One thing that was not taken over as it was, and what to do about it. */
export interface Note extends Place {
  readonly kind: NoteKind;
  /** The directive or field; never the value of a secret one. */
  readonly what: string;
  readonly why: string;
  /** Printed behind `try:`. */
  readonly advice: string;
}

/** What a note says besides its kind and place. */
export type NoteText = Pick<Note, 'what' | 'why' | 'advice'>;

/** A note at a place, which may have more fields. */
export function noteAt({ file, line, column }: Place, kind: NoteKind, { what, why, advice }: NoteText): Note {
  return { kind, file, line, column, what, why, advice };
}

const WORDS: Readonly<Record<NoteKind, string>> = { changed: 'changed', notCarried: 'not carried', error: 'error' };

/** A note in two lines, in the form of the problems of `validate`. */
export function formatNote({ file, line, column, kind, what, why, advice }: Note): string {
  return `${file}:${line}:${column}  ${WORDS[kind]}  ${what}: ${why}\n  try: ${advice}\n`;
}
