import type { IncomingMessage } from 'node:http';
import { ApiError } from './client.ts';
import { chunksOf, ExchangeError } from './exchange.ts';

/** Body of an answer as text; rejects with ExchangeError where it has more bytes than the limit. */
export async function bodyOf(response: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunksOf(response)) {
    length += chunk.length;
    if (length > limit) throw new ExchangeError(`the API server answered more than ${limit / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** An object of JSON; throws ExchangeError for anything else. */
export function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  const value = parsed(text);
  if (isFields(value)) return value;
  throw new ExchangeError('the API server answered something else than an object of JSON');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value is an object with fields. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LONGEST_MESSAGE = 2_048;
const LONGEST_RETRY_SECONDS = 3_600;

/** What a refusal says: its Status, or just the HTTP status where something in between answered. */
export function refusal(code: number, body: string, retryAfter: string | undefined): ApiError {
  const status = parsed(body);
  return refusalOf(isFields(status) && status['kind'] === 'Status' ? status : {}, code, retryAfter);
}

/** The same for a Status that was read before; its code counts where it has one and `code` is none. */
export function refusalOf(status: Readonly<Record<string, unknown>>, code?: number, retryAfter?: string): ApiError {
  const { reason, message, details } = status;
  const seconds = isFields(details) ? details['retryAfterSeconds'] : undefined;
  const asked = code ?? (typeof status['code'] === 'number' ? status['code'] : 500);
  return new ApiError(
    asked,
    asked === 404 && !namesObject(details) ? 'NotServed' : textOf(reason, 'Unknown'),
    textOf(message, `HTTP status ${asked} without an explanation`),
    secondsOf(retryAfter) ?? secondsOf(seconds),
  );
}

/** Without a name the address itself is not known: the kind is not served. */
function namesObject(details: unknown): boolean {
  return isFields(details) && textOf(details['name'], '') !== '';
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value.slice(0, LONGEST_MESSAGE) : otherwise;
}

/** The API server says seconds; a date (RFC 9110, 10.2.3) would depend on two clocks. */
function secondsOf(value: unknown): number | undefined {
  if (typeof value === 'string' && !/^\d+$/.test(value.trim())) return undefined;
  const seconds = Number(value ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, LONGEST_RETRY_SECONDS) : undefined;
}
