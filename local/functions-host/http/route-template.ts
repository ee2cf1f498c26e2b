/** Constraints on a parameter, by their names in ASP.NET Core. */
const CONSTRAINTS = {
  int: /^-?\d{1,10}$/,
  long: /^-?\d{1,19}$/,
  bool: /^(?:true|false)$/i,
  guid: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  alpha: /^[a-z]*$/i,
} as const;

/** One part of a route between two slashes. */
export type RouteSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | {
      readonly kind: 'parameter';
      readonly name: string;
      readonly optional: boolean;
      readonly constraints: readonly (keyof typeof CONSTRAINTS)[];
    }
  | { readonly kind: 'rest'; readonly name: string };

const PARAMETER = /^\{(\*{0,2})([A-Za-z_][A-Za-z0-9_]*)((?::[a-z]+)*)(\??)\}$/;

/** Reads `sites/{site}/files/{*rest}`; throws with a sentence for what ASP.NET would take and this host does not. */
export function parseRoute(template: string): readonly RouteSegment[] {
  const parts = template.split('/').filter((part) => part !== '');
  const segments = parts.map((part) => parseSegment(template, part));
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    const optional = segment.kind === 'parameter' && segment.optional;
    if (!last && (optional || segment.kind === 'rest')) throw refusal(template, parts[index] ?? '', 'must come last');
  });
  return segments;
}

function parseSegment(template: string, part: string): RouteSegment {
  if (part.includes('%'))
    throw refusal(template, part, 'stands for an app setting, which the local host does not look up');
  if (!/[{}]/.test(part)) return { kind: 'literal', text: part.toLowerCase() };
  const [, stars, name = '', constraints = '', question] = PARAMETER.exec(part) ?? [];
  if (name === '') throw refusal(template, part, 'is not a parameter as the local host knows them');
  if (stars !== '') {
    if (constraints !== '' || question !== '') throw refusal(template, part, 'takes no constraint');
    return { kind: 'rest', name };
  }
  const names = constraints.split(':').filter((constraint) => constraint !== '');
  const unknown = names.find((constraint) => !Object.hasOwn(CONSTRAINTS, constraint));
  if (unknown !== undefined)
    throw refusal(template, part, `has the constraint "${unknown}", which the local host does not know`);
  return { kind: 'parameter', name, optional: question === '?', constraints: names as (keyof typeof CONSTRAINTS)[] };
}

function refusal(template: string, part: string, because: string): Error {
  return new Error(`"${part}" of the route "${template}" ${because}`);
}

/**
 * Values of the parameters when the decoded parts of a path fit; undefined otherwise. An optional parameter that is left out has no
 * value, and what a catch-all takes is one text with its slashes.
 */
export function matchRoute(
  segments: readonly RouteSegment[],
  parts: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const values: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (segment.kind === 'rest') return { ...values, [segment.name]: parts.slice(index).join('/') };
    if (part === undefined) return segment.kind === 'parameter' && segment.optional ? values : undefined;
    if (!fits(segment, part)) return undefined;
    if (segment.kind === 'parameter') values[segment.name] = part;
  }
  return parts.length > segments.length ? undefined : values;
}

function fits(segment: Exclude<RouteSegment, { kind: 'rest' }>, part: string): boolean {
  if (segment.kind === 'literal') return part.toLowerCase() === segment.text;
  return part !== '' && segment.constraints.every((name) => CONSTRAINTS[name].test(part));
}

/** Sorts routes as ASP.NET Core tries them: at the first difference a literal comes before a constrained parameter, any other, and the rest. */
export function compareRoutes(a: readonly RouteSegment[], b: readonly RouteSegment[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = rank(a[index]) - rank(b[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function rank(segment: RouteSegment | undefined): number {
  // The shorter of two routes is the more particular one: what goes on can only be optional.
  if (segment === undefined) return 0;
  if (segment.kind === 'literal') return 1;
  if (segment.kind === 'rest') return 4;
  return segment.constraints.length > 0 ? 2 : 3;
}
