/** Media types of a resource as text; the first one is the default. */
export const RESOURCE_MEDIA_TYPES = ['application/json', 'application/yaml'] as const;

/** Media types of a body with resources. */
export const RESOURCE_BODY_TYPES = [
  'application/json',
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
] as const;

/** Type and subtype of a Content-Type in lower case; undefined when it is none, or of another character set than UTF-8. */
export function mediaTypeOf(contentType: string | null): string | undefined {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';').map(trimmed);
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type)) return undefined;
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  return charset === undefined || /^charset="?utf-?8"?$/.test(charset) ? type : undefined;
}

interface Range {
  readonly type: string;
  readonly weight: number;
}

/** Which of the offered media types an Accept header wants most (RFC 9110 12.5.1); undefined: none of them. */
export function negotiate(accept: string | null, offered: readonly string[]): string | undefined {
  if (accept === null || accept.trim() === '') return offered[0];
  const ranges = accept.slice(0, 1000).toLowerCase().split(',').map(rangeOf);
  let best: Range | undefined;
  for (const type of offered) {
    const weight = weightOf(type, ranges);
    if (weight > (best?.weight ?? 0)) best = { type, weight };
  }
  return best?.type;
}

function rangeOf(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map(trimmed);
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = q === undefined ? 1 : Number(q.slice(2));
  return { type, weight: weight >= 0 && weight <= 1 ? weight : 0 };
}

/** The most specific range decides. */
function weightOf(type: string, ranges: readonly Range[]): number {
  const family = `${type.split('/', 1)[0]}/*`;
  for (const wanted of [type, family, '*/*']) {
    const range = ranges.find((one) => one.type === wanted);
    if (range !== undefined) return range.weight;
  }
  return 0;
}

function trimmed(text: string): string {
  return text.trim();
}
