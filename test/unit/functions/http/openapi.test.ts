import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { openApiDocument } from '../../../../functions/http/openapi.ts';
import { operations } from '../../../../functions/http/operations.ts';
import { startApi } from '../../../support/control-plane-api.ts';

type Json = Readonly<Record<string, unknown>>;

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Json }[];
  readonly responses: Readonly<Record<string, Json>>;
}

const document = openApiDocument(operations);
const paths = document.paths as Readonly<Record<string, Readonly<Record<string, Described>>>>;
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH'];

it('is the same every time, and the same over HTTP for anybody', async (t) => {
  const api = await startApi(t);
  const answer = await api.send('GET /api/openapi.json', { as: null });
  expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
  expect(answer.json).toEqual(JSON.parse(JSON.stringify(openApiDocument(operations))));
  const again = await api.send('GET /api/openapi.json', { headers: { 'if-none-match': answer.headers.etag ?? '' } });
  expect(again).toMatchObject({ status: 304, text: '' });
});

it('describes what is served, and nothing is served that it does not describe', async (t) => {
  const api = await startApi(t);
  for (const [path, described] of Object.entries(paths)) {
    const target = `/api${path.replaceAll(/\{\w+\}/g, '0')}`;
    const { headers } = await api.send(`OPTIONS ${target}`, { as: null });
    const allowed = headers.allow?.split(', ').filter((method) => METHODS.includes(method)) ?? [];
    expect(allowed.toSorted(), path).toEqual(
      Object.keys(described)
        .map((method) => method.toUpperCase())
        .toSorted(),
    );
  }
  const served = operations.map(({ method, path }) => `${method} /${path}`);
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.toSorted()).toEqual(served.toSorted());
});

it('names every operation once, and declares every parameter of its path', () => {
  const all = Object.entries(paths).flatMap(([path, methods]) => Object.values(methods).map((one) => ({ path, one })));
  expect(new Set(all.map(({ one }) => one.operationId)).size).toBe(all.length);
  for (const { path, one } of all) {
    const declared = (one.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    expect(declared, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  }
});

it('has schemas that compile and references that lead somewhere', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, inlineRefs: false });
  ajv.addSchema(JSON.parse(JSON.stringify({ ...document, $id: 'https://openapi.test/' })));
  const pointers = schemaPointers(document, '');
  expect(pointers.length).toBeGreaterThan(50);
  const all = pointers.map((pointer) => ({ $ref: `https://openapi.test/#${pointer}` }));
  expect(() => ajv.compile({ anyOf: all })).not.toThrow();
});

it('tells of no machine, key or internal function', () => {
  expect(JSON.stringify(document)).not.toMatch(/\/work|\/tmp|durabletask|webhooks|AccountKey/i);
});

/** JSON pointers to every schema of the document. */
function schemaPointers(value: unknown, at: string): string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const pointer = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}`;
    if (key === 'schema') return [pointer];
    if (at === '/components/schemas') return [pointer];
    return schemaPointers(inner, pointer);
  });
}
