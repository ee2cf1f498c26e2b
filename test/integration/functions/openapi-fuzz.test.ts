import { expect, test } from 'vitest';
import { fuzzControlPlane } from '../../support/control-plane-fuzz.ts';
import { type ControlPlaneProcess, startControlPlane } from '../../support/control-plane-process.ts';

test('the control plane keeps every promise of its OpenAPI document over HTTP', { timeout: 120_000 }, async (t) => {
  const plane = await startControlPlane(t, { env: { MQTTBRIDGE_REQUESTS_PER_SECOND: '100000' } });
  const agentKey = await makeAgentKey(plane);
  const seed = Date.now() % 2 ** 31;

  const report = await fuzzControlPlane(
    async ({ method, path, headers, body }) => {
      const answer = await fetch(`${plane.url}${path}`, { method, headers, body: body ?? null });
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
    },
    (role) => `Bearer ${role === 'Bridge.Agent' ? agentKey : plane.adminKey}`,
    { runs: 5, seed },
  );

  expect(report.failures.slice(0, 5), `seed ${seed}`).toEqual([]);
  expect(Object.keys(report.checks)).toHaveLength(12);
  expect(plane.stderr()).not.toMatch(/RequestFailed/);
});

/** Reports are for agents only, also where the administrator asks. */
async function makeAgentKey({ url, adminKey }: ControlPlaneProcess): Promise<string> {
  const answer = await fetch(`${url}/api/sites/fuzz/grants`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ role: 'Bridge.Agent' }),
  });
  const { key } = (await answer.json()) as { readonly key: string };
  return key;
}
