/** JSON as the repository's formatter writes it: lists of plain values on one line; `indent` goes before its lines. */
export function jsonText(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => jsonText(item, inner));
    const line = `[${items.join(', ')}]`;
    if (!line.includes('{') && inner.length + line.length < 100) return line;
    return `[\n${items.map((item) => inner + item).join(',\n')}\n${indent}]`;
  }
  if (value === null || typeof value !== 'object' || Object.keys(value).length === 0) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([key, field]) => `${inner}${JSON.stringify(key)}: ${jsonText(field, inner)}`,
  );
  return `{\n${fields.join(',\n')}\n${indent}}`;
}
