import type { SystemEndpoint } from './front.ts';
import type { Answer } from './respond.ts';

/** `/admin/host/ping` for probes, open to all, and `/admin/host/status` for holders of the master key. */
export function adminEndpoints(): readonly SystemEndpoint[] {
  const status = (): Answer => ({
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: JSON.stringify({ id: 'mqttbridge-local', state: 'Running' }),
  });
  return [
    { path: '/admin/host/ping', answer: () => ({ status: 200 }) },
    { path: '/admin/host/status', door: 'master', answer: status },
    { path: '/admin', door: 'master', answer: () => ({ status: 404 }) },
  ];
}
