import { expect, it } from 'vitest';
import { startApi } from '../../../support/control-plane-api.ts';
import { fuzzControlPlane } from '../../../support/control-plane-fuzz.ts';

it('keeps every promise of its OpenAPI document, whatever it is sent', { timeout: 120_000 }, async (t) => {
  const api = await startApi(t);
  const seed = Date.now() % 2 ** 31;

  const report = await fuzzControlPlane(
    async ({ method, path, headers, body }) => {
      const stream = body === undefined ? null : new Blob([body]).stream();
      const answer = await api.raw({ target: `${method} ${path}`, headers: new Headers(headers), body: stream });
      return { status: answer.status, headers: answer.headers, body: answer.body ?? '' };
    },
    (role) => `Bearer ${role === 'Bridge.Agent' ? 'agent' : 'admin'}`,
    { runs: 15, seed },
  );

  expect(report.failures.slice(0, 5), `seed ${seed}`).toEqual([]);
  expect(Object.keys(report.checks)).toHaveLength(12);
  expect(api.log).toEqual([]);
});
