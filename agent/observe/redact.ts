const CENSOR = '[redacted]';
const MAX_TEXT = 1_000;
const MAX_DEPTH = 4;
const MAX_ENTRIES = 50;

/** Field names whose values never leave the process, compared in lower case without `-` and `_`. */
const REDACTED_FIELDS: ReadonlySet<string> = new Set([
  'password',
  'passphrase',
  'pwd',
  'pass',
  'secret',
  'secretvalue',
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'sat',
  'jwt',
  'authorization',
  'authenticationdata',
  'credential',
  'credentials',
  'apikey',
  'key',
  'privatekey',
  'clientkey',
  'keypem',
  'cert',
  'pfx',
  'payload',
  'body',
  'correlationdata',
  'userproperties',
  'sharedaccesskey',
  'connectionstring',
]);

// A message text may quote a credential that no field name announces: PEM blocks, JWTs, SAS signatures, credentials in a URL.
const SECRET_TEXT: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{1,40}-----[\s\S]*?(?:-----END [A-Z ]{1,40}-----|$)/g,
  /\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?/g,
  /(?<=[?&; ]sig=)[^&; ]+/gi,
  /(?<=\b(?:password|passwd|pwd|secret|token|accountkey|sharedaccesskey)["']?\s?[=:]\s?["']?)[^\s"',;&]+/gi,
  /(?<=:\/\/[^\s/:@]{0,200}:)[^\s/@]+(?=@)/g,
];

/** A text fit for logs, metrics and status: secrets replaced, line breaks kept as one line, at most 1,000 characters. */
export function redactText(text: string): string {
  // Cut first: the patterns then run over a bounded text, whoever wrote it.
  let result = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  for (const pattern of SECRET_TEXT) result = result.replace(pattern, CENSOR);
  return result.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '�');
}

/** A copy fit for a log line: bounded in depth, entries and text, secrets replaced by field name and by shape. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Error) return describeError(value);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[…]';
  if (Array.isArray(value)) return redactArray(value, depth);
  return redactObject(value, depth);
}

function redactArray(values: readonly unknown[], depth: number): unknown[] {
  const copy = values.slice(0, MAX_ENTRIES).map((entry) => redact(entry, depth + 1));
  if (values.length > MAX_ENTRIES) copy.push(`… ${values.length - MAX_ENTRIES} more`);
  return copy;
}

function redactObject(value: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, entry] of Object.entries(value).slice(0, MAX_ENTRIES)) {
    copy[name] = isRedactedField(name) ? CENSOR : redact(entry, depth + 1);
  }
  return copy;
}

/** What a log line says of an error: no stack, because a stack quotes source paths and, in some libraries, arguments. */
export function describeError(error: Error): Record<string, unknown> {
  const code = (error as { code?: unknown }).code;
  return {
    name: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.cause instanceof Error ? { cause: redactText(error.cause.message) } : {}),
  };
}

/** Whether the value of a field of this name never leaves the process. */
export function isRedactedField(name: string): boolean {
  return REDACTED_FIELDS.has(name.replace(/[-_]/g, '').toLowerCase());
}
