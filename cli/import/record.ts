/** An object of a YAML document. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is an object with fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object in a field; an empty one where there is none. */
export function fieldsIn(value: unknown, ...path: readonly string[]): Fields {
  const found = path.reduce<unknown>((at, step) => (isFields(at) ? at[step] : undefined), value);
  return isFields(found) ? found : {};
}

/** The text in a field, when it is one. */
export function textIn(value: unknown, field: string): string | undefined {
  const found = isFields(value) ? value[field] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** The list in a field; an empty one where there is none. */
export function listIn(value: unknown, field: string): readonly unknown[] {
  const found = isFields(value) ? value[field] : undefined;
  return Array.isArray(found) ? found : [];
}
