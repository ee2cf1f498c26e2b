import { z } from 'zod';
import type { Handler, ParameterDoc } from './contract.ts';
import { ETAG_LIST } from './etag.ts';

/** A handler whose module is loaded with the first call, so that the app starts fast. */
export function lazily(load: () => Promise<Handler>): Handler {
  return async (request, caller, deps) => (await load())(request, caller, deps);
}

/** Most items of one page of a list. */
const MAX_PAGE = 500;

/** `limit` and `continue` of a list; `after` is what its `continue` looks like. */
export function pageParameters(after: z.ZodType): ParameterDoc[] {
  return [
    {
      name: 'limit',
      in: 'query',
      description: 'Most items of the page.',
      schema: z.int().min(1).max(MAX_PAGE).default(100),
    },
    { name: 'continue', in: 'query', description: '`continue` of the page before.', schema: after },
  ];
}

/** A query parameter that is `true` or `false`, the default. */
export function flagParameter(name: string, description: string): ParameterDoc {
  return { name, in: 'query', description, schema: z.enum(['true', 'false']) };
}

const etags = z.string().regex(ETAG_LIST, 'must be "*" or a list of entity tags');

/** `If-Match`; compared strongly, the tag of any representation will do. */
export function ifMatch(required: boolean): ParameterDoc {
  const description = 'ETag of what is to be changed, or `*` for whatever is there.';
  return { name: 'If-Match', in: 'header', description, schema: etags, required };
}

/** `If-None-Match`, with what it is for. */
export function ifNoneMatch(description: string): ParameterDoc {
  return { name: 'If-None-Match', in: 'header', description, schema: etags };
}
