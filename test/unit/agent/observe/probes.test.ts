import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProbeServer } from '../../../../agent/observe/probe-server.ts';
import { startProbes } from '../../../../agent/observe/probes.ts';
import type { AgentSnapshot } from '../../../../agent/observe/snapshot.ts';
import { statusSchema } from '../../../../agent/observe/status-schema.ts';
import { snapshotOf } from './snapshot-of.ts';

let probes: ProbeServer;
let snapshot: AgentSnapshot;
let errors: Error[];
let metrics: () => Promise<{ contentType: string; body: string }>;

beforeEach(async () => {
  snapshot = snapshotOf();
  errors = [];
  metrics = async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' });
  probes = await startProbes({
    host: '127.0.0.1',
    port: 0,
    snapshot: () => snapshot,
    metrics: () => metrics(),
    onError: (error) => errors.push(error),
  });
});

afterEach(() => probes.close());

const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${probes.port}${path}`, init);

describe('probes', () => {
  test.each(['/livez', '/healthz'])('%s says ok whatever the brokers do', async (path) => {
    snapshot = snapshotOf({ sessions: [], routes: [] });
    const response = await get(path);
    expect([response.status, await response.text()]).toEqual([200, 'ok']);
  });

  test('/readyz is short when ready and says why when not', async () => {
    expect(await (await get('/readyz')).text()).toBe('ok');
    snapshot = snapshotOf({ routes: [] });
    const response = await get('/readyz');
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('readyz check failed');
  });

  test('/readyz?verbose has a line per check', async () => {
    const response = await get('/readyz?verbose');
    expect(await response.text()).toContain('[+]remote ok\n');
    expect(response.headers.get('content-type')).toContain('text/plain');
  });

  test('/metrics passes the text and its type on', async () => {
    const response = await get('/metrics');
    expect([response.headers.get('content-type'), await response.text()]).toEqual([
      'text/plain; version=0.0.4',
      'up 1\n',
    ]);
  });

  test('/status is the documented JSON', async () => {
    const response = await get('/status');
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(statusSchema.parse(await response.json()).connector).toBe('bridge');
  });

  test('HEAD answers like GET without a body', async () => {
    const response = await get('/readyz?verbose', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(10);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is not allowed', async (method) => {
    const response = await get('/status', { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test.each(['/', '/status/', '/metrics/x', '/..%2fetc', '/STATUS'])('%s does not exist', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  test('answers 500 without details when a source fails, and tells the log', async () => {
    metrics = () => Promise.reject(new Error('canary'));
    const response = await get('/metrics');
    expect([response.status, await response.text()]).toEqual([500, 'internal error']);
    expect(errors.map((error) => error.message)).toEqual(['canary']);
  });

  test.each([
    ['no HTTP at all', '\u0000\u0001\u0002\r\n\r\n', '400'],
    ['headers of 16 KiB', `GET /livez HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(16_384)}\r\n\r\n`, '431'],
  ])('refuses %s', async (_name, request, status) => {
    const socket = connect(probes.port, '127.0.0.1');
    socket.write(request);
    expect((await text(socket)).split(' ')[1]).toBe(status);
  });

  test('rejects when its address is taken', async () => {
    const options = {
      host: '127.0.0.1',
      port: probes.port,
      snapshot: () => snapshot,
      metrics,
      onError: () => undefined,
    };
    await expect(startProbes(options)).rejects.toThrow('EADDRINUSE');
  });
});
