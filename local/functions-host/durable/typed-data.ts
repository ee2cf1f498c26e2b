import type { TypedData } from '../ports.ts';
import { jsonText } from './actions.ts';

/** The JSON text of what a function returned; nothing is `null`. */
export function textOf(data: TypedData | null | undefined): string {
  if (data === undefined || data === null) return 'null';
  if (data.json !== undefined) return data.json === '' ? 'null' : data.json;
  if (data.string !== undefined) return jsonText(data.string);
  if (data.bytes !== undefined) return jsonText(Buffer.from(data.bytes).toString('base64'));
  if (data.http !== undefined) return jsonText(data.http);
  // Numbers travel in fields of their own.
  return jsonText(Object.values(data as Readonly<Record<string, unknown>>)[0]);
}
