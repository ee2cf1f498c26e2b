import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ControlPlaneProcess, startControlPlane } from '../../support/control-plane-process.ts';
import { createScope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { connectorYaml } from '../../unit/cli/sample-config.ts';

const CONNECTOR = '/api/sites/berlin/connectors/bridge';
const scope = createScope();
let plane: ControlPlaneProcess;

beforeAll(async () => {
  plane = await startControlPlane(scope);
  return () => scope.close();
});

function request({ url, adminKey }: ControlPlaneProcess, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${adminKey}`, ...(init.headers as Record<string, string> | undefined) };
  return fetch(`${url}${path}`, { ...init, headers });
}

const put = (to: ControlPlaneProcess) =>
  request(to, CONNECTOR, {
    method: 'PUT',
    body: connectorYaml('bridge'),
    headers: { 'content-type': 'application/yaml' },
  });

describe('the control plane on one machine', () => {
  test('keeps what was defined, and its key, when it is killed', async () => {
    const data = await createTempDir({ onTestFinished }, 'killed');
    const first = await startControlPlane({ onTestFinished }, { data });
    const created = await put(first);
    expect(created.status).toBe(201);
    await first.end('SIGKILL');

    const second = await startControlPlane({ onTestFinished }, { data });
    expect(second.adminKey).toBe(first.adminKey);
    const found = await request(second, CONNECTOR);
    expect([found.status, found.headers.get('etag')]).toEqual([200, created.headers.get('etag')]);
    expect(await found.json()).toMatchObject({ metadata: { name: 'bridge' } });
  });

  test('shows its description to anybody, and the rest to nobody without a key', async () => {
    expect((await fetch(`${plane.url}/api/openapi.json`)).status).toBe(200);
    const principal = Buffer.from(
      JSON.stringify({ auth_typ: 'aad', role_typ: 'roles', claims: [{ typ: 'roles', val: 'Bridge.Admin' }] }),
    ).toString('base64');
    const spoofed = {
      'X-MS-CLIENT-PRINCIPAL': principal,
      'X-MS-CLIENT-PRINCIPAL-ID': 'a',
      'X-MS-CLIENT-PRINCIPAL-NAME': 'a',
      'X-MS-CLIENT-PRINCIPAL-IDP': 'aad',
    };
    const { master } = JSON.parse(await readFile(join(plane.data, 'host-keys.json'), 'utf8')) as { master: string };
    for (const headers of [{}, spoofed, { 'x-functions-key': master }, { authorization: `Bearer ${master}` }]) {
      expect((await fetch(`${plane.url}${CONNECTOR}`, { headers })).status).toBe(401);
    }
  });

  test('answers 405 with Allow, 404 and 413 as problem documents', async () => {
    const wrong = await request(plane, CONNECTOR, { method: 'PATCH' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, expect.stringContaining('PUT')]);
    const large = await request(plane, CONNECTOR, {
      method: 'PUT',
      body: 'a'.repeat(2_097_152),
      headers: { 'content-type': 'application/json' },
    });
    const unknown = await request(plane, '/api/nothing/here');
    expect([large.status, unknown.status]).toEqual([413, 404]);
    for (const answer of [wrong, large, unknown]) {
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
  });
});
