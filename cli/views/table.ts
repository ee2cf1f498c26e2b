import { plainText } from '../control-plane-client/plain-text.ts';
import { columnWidths, textTable } from '../output.ts';

/** Rows for people, each about one thing. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A whole table; nothing where it has no rows. */
export function tableText({ header, rows }: Table): string {
  return rows.length === 0 ? '' : textTable([header, ...rows.map(plain)]);
}

/** Characters that every column of a watch has at least: the longest of the usual words. */
const WATCH_WIDTH = 'Unhealthy'.length;

/** Columns that change by themselves. */
const CLOCKS = new Set(['AGE', 'FOR', 'REPORTED']);

/**
 * Makes a function that returns of each table only the rows that are new or other than in the one before, without a header
 * but the first time; a row whose first cell is gone comes once more, with `(gone)` behind it.
 */
export function createChangedRows(): (table: Table) => string {
  let known = new Map<string, string>();
  let widths: number[] | undefined;
  return ({ header, rows }) => {
    const steady = (row: readonly string[]) => row.filter((_, index) => !CLOCKS.has(header[index] ?? '')).join('\t');
    const current = new Map(rows.map((row) => [row[0] ?? '', steady(row)]));
    const changed = rows.filter((row) => known.get(row[0] ?? '') !== steady(row));
    const gone = [...known.keys()].filter((key) => !current.has(key)).map((key) => [key, '(gone)']);
    known = current;
    const lines = [...(widths === undefined ? [header] : []), ...changed.map(plain), ...gone.map(plain)];
    if (widths === undefined && changed.length === 0) return '';
    widths = columnWidths(lines, widths ?? header.map(() => WATCH_WIDTH));
    return textTable(lines, widths);
  };
}

function plain(row: readonly string[]): readonly string[] {
  return row.map(plainText);
}
