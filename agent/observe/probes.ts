import type { MetricsText } from './metrics.ts';
import {
  alive,
  type Answer,
  type Handler,
  type ProbeServer,
  type ProbeServerOptions,
  startProbeServer,
} from './probe-server.ts';
import { judgeReadiness, readinessText } from './readiness.ts';
import type { AgentSnapshot } from './snapshot.ts';
import { statusOf } from './status.ts';

/** Where the probes listen and what they read. */
export interface ProbeOptions extends Omit<ProbeServerOptions, 'handlers'> {
  readonly snapshot: () => AgentSnapshot;
  readonly metrics: () => Promise<MetricsText>;
}

/** Starts the HTTP server of `/livez /healthz /readyz /metrics /status`; rejects when the address is in use or not ours. */
export async function startProbes({ snapshot, metrics, ...options }: ProbeOptions): Promise<ProbeServer> {
  const handlers = new Map<string, Handler>([
    ['/livez', alive],
    ['/healthz', alive],
    ['/readyz', (query) => ready(snapshot(), query)],
    ['/metrics', async () => ({ status: 200, ...(await metrics()) })],
    ['/status', () => status(snapshot())],
  ]);
  return await startProbeServer({ ...options, handlers });
}

function ready(snapshot: AgentSnapshot, query: URLSearchParams): Answer {
  const readiness = judgeReadiness(snapshot);
  const verbose = query.has('verbose') || !readiness.ready;
  return { status: readiness.ready ? 200 : 503, body: verbose ? readinessText(readiness) : 'ok' };
}

function status(snapshot: AgentSnapshot): Answer {
  const contentType = 'application/json; charset=utf-8';
  return { status: 200, contentType, body: `${JSON.stringify(statusOf(snapshot))}\n` };
}
