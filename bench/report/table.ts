/** Cells by row; the first row is the heading. Column 0 is text, the others are numbers. */
export interface Table {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

/** For a terminal: columns padded, numbers to the right. */
export function renderText(table: Table): string {
  const widths = columnWidths(table);
  const lines = table.rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [table.title, ...lines].join('\n');
}

/** For a Markdown page, under a heading of level 2. */
export function renderMarkdown(table: Table): string {
  const [heading = [], ...body] = table.rows;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = line(heading.map((_, column) => (column === 0 ? '---' : '---:')));
  return [`## ${table.title}`, '', line(heading), rule, ...body.map(line)].join('\n');
}

function columnWidths(table: Table): number[] {
  const columns = Math.max(...table.rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) =>
    Math.max(...table.rows.map((row) => (row[column] ?? '').length)),
  );
}

/** A figure with fixed digits and thousands separated. */
export function format(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
