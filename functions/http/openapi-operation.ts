import { z } from 'zod';
import type { Handler, Operation } from './contract.ts';
import { isKnown } from './etag.ts';
import { ifNoneMatch } from './operation-parts.ts';

/** The operation that answers with the description of all operations; it tells nothing of any site. */
export function openApiOperation(operations: () => readonly Operation[]): Operation {
  return {
    id: 'openApi',
    method: 'GET',
    path: 'openapi.json',
    summary: 'This document.',
    role: 'public',
    parameters: [ifNoneMatch('ETag of what the caller has.')],
    responses: {
      200: {
        description: 'The OpenAPI 3.1 document.',
        schema: z.record(z.string(), z.unknown()),
        headers: { ETag: 'Strong; changes with the document.' },
      },
      304: { description: 'The caller has it already.' },
    },
    handler: describing(operations),
  };
}

function describing(operations: () => readonly Operation[]): Handler {
  let known: { readonly text: string; readonly etag: string } | undefined;
  return async ({ headers }) => {
    known ??= await described(operations());
    const sent = { etag: known.etag, 'cache-control': 'public, max-age=300', 'content-type': 'application/json' };
    if (isKnown(headers.get('if-none-match'), known.etag)) return { status: 304, headers: sent };
    return { status: 200, headers: sent, body: { text: known.text } };
  };
}

async function described(operations: readonly Operation[]): Promise<{ readonly text: string; readonly etag: string }> {
  const [{ openApiDocument }, { sha256 }] = await Promise.all([
    import('./openapi.ts'),
    import('../../shared/sha256.ts'),
  ]);
  const text = JSON.stringify(openApiDocument(operations));
  return { text, etag: `"${sha256(text).slice(0, 12)}"` };
}
