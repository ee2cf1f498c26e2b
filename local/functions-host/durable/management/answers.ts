import type { ManagementResponse } from '../../ports.ts';

/** An answer that is JSON; `body` is a value. */
export function json(status: number, body: unknown, headers: ManagementResponse['headers'] = {}): ManagementResponse {
  return jsonTextAnswer(status, JSON.stringify(body), headers);
}

/** An answer whose JSON text is there already. */
export function jsonTextAnswer(
  status: number,
  body: string,
  headers: ManagementResponse['headers'] = {},
): ManagementResponse {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body };
}

/** An answer that says in a sentence why not; the SDK shows the text to its caller. */
export function problem(status: number, text: string): ManagementResponse {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: text };
}

/** Accepted; there is nothing more to say. */
export const ACCEPTED: ManagementResponse = { status: 202, headers: {} };

/** A request that cannot be understood; `manage` answers 400 with the message. */
export class BadRequest extends Error {}

/** A body that must be JSON, or nothing for `null`; throws `BadRequest`. */
export function readBody(body: string): string {
  const text = body.trim();
  if (text === '') return 'null';
  try {
    JSON.parse(text);
  } catch {
    throw new BadRequest('The body must be JSON.');
  }
  return text;
}

/** A time of the query in milliseconds since 1970; throws `BadRequest`. */
export function readTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new BadRequest(`${name} must be a time, such as 2026-01-31T12:00:00Z.`);
  return time;
}

/** A whole number of the query, within 1 and `most`; throws `BadRequest`. */
export function readCount(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new BadRequest(`${name} must be a whole number above 0.`);
  return Math.min(count, most);
}

/** Whether a switch of the query is on; absent means `otherwise`. */
export function readSwitch(query: URLSearchParams, name: string, otherwise: boolean): boolean {
  return (query.get(name) ?? String(otherwise)).toLowerCase() === 'true';
}
