import type { Io } from './io.ts';

/** What `-o` takes. */
export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Data of a command in two forms: for programs (stable, versioned) and for people. */
export interface Rendering {
  readonly data: object;
  readonly table: () => string;
}

/** Writes a command's data to standard output in the chosen format. */
export async function printData(io: Io, format: OutputFormat, rendering: Rendering): Promise<void> {
  io.stdout.write(await RENDERERS[format](rendering));
}

const RENDERERS: Readonly<Record<OutputFormat, (rendering: Rendering) => string | Promise<string>>> = {
  table: ({ table }) => table(),
  json: ({ data }) => `${JSON.stringify(data, null, 2)}\n`,
  yaml: async ({ data }) => (await import('yaml')).stringify(data),
};

/** Lines of text in columns two spaces apart and at least so wide; the last column is as long as it wants to be. */
export function textTable(rows: readonly (readonly string[])[], atLeast: readonly number[] = []): string {
  const widths = columnWidths(rows, atLeast);
  const lines = rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Characters of the widest cell of each column. */
export function columnWidths(rows: readonly (readonly string[])[], atLeast: readonly number[] = []): number[] {
  const widths = [...atLeast];
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)));
  return widths;
}
