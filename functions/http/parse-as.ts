import type { z } from 'zod';
import type { ApiRequest, ApiResponse } from './contract.ts';
import { parseJsonBody } from './json-body.ts';
import { problemResponse } from './problems.ts';

/** A body that is what it should be, or the answer to one that is not: 400 for no JSON, 422 with every wrong field. */
export type Parsed<T> =
  | { readonly kind: 'parsed'; readonly value: T }
  | { readonly kind: 'refused'; readonly response: ApiResponse };

/** Reads a JSON body by its schema. */
export function parseAs<T>(schema: z.ZodType<T>, { body }: Pick<ApiRequest, 'body'>): Parsed<T> {
  const json = parseJsonBody(body);
  if (json.kind === 'refused') return json;
  const result = schema.safeParse(json.value);
  if (result.success) return { kind: 'parsed', value: result.data };
  const errors = result.error.issues.map(({ path, message }) => ({
    path: path.join('.'),
    rule: 'InvalidField',
    message,
  }));
  return { kind: 'refused', response: problemResponse('invalid-resource', { errors }) };
}
