import type { Triggered } from '../app/functions.ts';
import { compareRoutes, matchRoute, parseRoute, type RouteSegment } from './route-template.ts';

/** A function and the values of its route's parameters. */
export interface RouteMatch {
  readonly target: Triggered<'http'>;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds who answers a request; undefined when no function has this route with this method. */
export type RouteTable = (method: string, path: string) => RouteMatch | undefined;

interface Route {
  readonly segments: readonly RouteSegment[];
  readonly target: Triggered<'http'>;
}

/**
 * Puts the routes of an app in order; throws for a route this host cannot follow and for two functions that claim the same one.
 * As with the real host, a method that no function of the route has is a route not found (azure-functions-host#10098).
 */
export function createRouteTable(prefix: string, functions: readonly Triggered<'http'>[]): RouteTable {
  const routes = functions
    .map((target): Route => ({ segments: segmentsOf(prefix, target), target }))
    .toSorted((a, b) => compareRoutes(a.segments, b.segments));
  refuseTwins(routes);
  return (method, path) => {
    const parts = partsOf(path);
    for (const { segments, target } of routes) {
      if (!target.trigger.methods.includes(method)) continue;
      const params = matchRoute(segments, parts);
      if (params !== undefined) return { target, params };
    }
    return undefined;
  };
}

function segmentsOf(prefix: string, { name, trigger }: Triggered<'http'>): readonly RouteSegment[] {
  try {
    return [...parseRoute(prefix), ...parseRoute(trigger.route)];
  } catch (cause) {
    throw new Error(`function "${name}": ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
}

/** An encoded slash is no separator and stays encoded, as Kestrel keeps it. Throws URIError at what is no encoding. */
function partsOf(path: string): string[] {
  const parts = path.split('/').slice(1);
  if (parts.at(-1) === '') parts.pop();
  return parts.map((part) => (part.includes('%') ? decodeURIComponent(part.replace(/%2f/gi, '%252F')) : part));
}

function refuseTwins(routes: readonly Route[]): void {
  const seen = new Map<string, string>();
  for (const { segments, target } of routes) {
    const { name, trigger } = target;
    const shape = segments.map((segment) => (segment.kind === 'literal' ? segment.text : shapeOf(segment))).join('/');
    for (const method of trigger.methods) {
      const key = `${method} ${shape}`;
      const other = seen.get(key);
      if (other !== undefined)
        throw new Error(`functions "${other}" and "${name}" both answer ${method} ${trigger.route}`);
      seen.set(key, name);
    }
  }
}

function shapeOf(segment: Exclude<RouteSegment, { kind: 'literal' }>): string {
  return segment.kind === 'rest' ? '{*}' : `{${segment.constraints.join(':')}${segment.optional ? '?' : ''}}`;
}
