import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonSchema } from '../../../../shared/schema/json-schema.ts';
import { structuralSchema } from '../../../../shared/schema/structural.ts';

const converted = (schema: z.ZodType) =>
  structuralSchema(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema, () => ({}), 'spec');

describe('a schema becomes structural:', () => {
  it.each<[string, z.ZodType, object]>([
    [
      'a strict object',
      z.strictObject({ a: z.string() }),
      { type: 'object', required: ['a'], properties: { a: { type: 'string' } } },
    ],
    ['a literal', z.literal('x'), { type: 'string', enum: ['x'] }],
    ['literals of whole numbers', z.literal([0, 1]), { type: 'integer', format: 'int32', enum: [0, 1] }],
    ['a union of literals', z.union([z.literal('x'), z.literal('y')]), { type: 'string', enum: ['x', 'y'] }],
    ['an integer without bounds', z.int(), { type: 'integer', format: 'int64' }],
    ['a small integer', z.int().min(0).max(9), { type: 'integer', format: 'int32', minimum: 0, maximum: 9 }],
    ['a default', z.boolean().default(false), { type: 'boolean', default: false }],
    ['a pattern with NUL and slash', z.string().regex(/^\/[^\0]*$/), { type: 'string', pattern: '^/[^\\x00]*$' }],
    ['a list', z.array(z.number()).max(3), { type: 'array', maxItems: 3, items: { type: 'number' } }],
  ])('%s', (_what, schema, structural) => {
    expect(converted(schema)).toEqual(structural);
  });

  it.each<[string, z.ZodType, RegExp]>([
    ['a map with free keys', z.object({ a: z.record(z.string(), z.string()) }), /spec\.a: .*(free keys|propertyNames)/],
    ['anything at all', z.object({ a: z.unknown() }), /spec\.a: a value needs one type/],
    ['a union of shapes', z.union([z.string(), z.int()]), /spec: only literals can be alternatives/],
    ['look-ahead', z.object({ a: z.array(z.string().regex(/^(?!a)/)) }), /spec\.a\[\]: RE2 has no look-around/],
    ['an open bound', z.number().gt(1), /spec: exclusiveMinimum has no form/],
  ])('not %s', (_what, schema, message) => {
    expect(() => converted(schema)).toThrow(message);
  });
});
