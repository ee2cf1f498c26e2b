import { beforeAll, describe, expect, test } from 'vitest';
import { createScope } from '../../support/scope.ts';
import { type Sample, startSample } from './start-sample.ts';

const scope = createScope();
let host: Sample;

beforeAll(async () => {
  host = await startSample(scope);
  return () => scope.close();
});

interface Echo {
  readonly function: string;
  readonly method: string;
  readonly url: string;
  readonly params: Record<string, string>;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly user: unknown;
  readonly bytes: number;
  readonly text: string;
}

const get = (path: string, init?: RequestInit) => fetch(`${host.url}${path}`, init);

async function echo(path: string, init?: RequestInit): Promise<Echo> {
  const response = await get(path, init);
  expect(response.status).toBe(200);
  return (await response.json()) as Echo;
}

describe('a function over HTTP', () => {
  test('gets method, URL, query, headers and body', async () => {
    const seen = await echo('/api/echo?a=1&b=x%20y&a=2', {
      method: 'POST',
      body: 'hällo',
      headers: { 'x-own': 'yes' },
    });
    expect(seen).toMatchObject({
      function: 'echo',
      method: 'POST',
      query: { a: '1,2', b: 'x y' },
      bytes: 6,
      text: 'hällo',
    });
    expect(seen.url).toBe(`${host.url}/api/echo?a=1&b=x%20y&a=2`);
    expect(seen.headers).toMatchObject({ 'x-own': 'yes', 'content-length': '6' });
  });
});
