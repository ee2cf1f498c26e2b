/** One log entry as a line of JSON; errors lose their stack but keep what they say. */
export function logLine(event: string, fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ evt: event, ...fields }, (_key, value: unknown) =>
    value instanceof Error ? { name: value.name, message: value.message } : value,
  );
}
