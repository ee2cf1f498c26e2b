import type { ApiResponse } from './contract.ts';

/** An answer as the platform sends it. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Makes bytes-to-be of an answer; one to HEAD keeps the headers only. */
export function rawResponse({ status, headers = {}, body }: ApiResponse, head: boolean): RawResponse {
  const type = body !== undefined && 'json' in body ? { 'content-type': 'application/json' } : {};
  const sent = {
    ...type,
    'cache-control': 'no-store',
    vary: 'Accept',
    'x-content-type-options': 'nosniff',
    ...lowerCased(headers),
  };
  if (body === undefined || head) return { status, headers: sent };
  return { status, headers: sent, body: 'json' in body ? JSON.stringify(body.json) : body.text };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
