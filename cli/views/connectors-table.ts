import type { SiteHealth, Verdict } from '../../shared/api/health.ts';
import type { ListedResource } from '../control-plane-client/client.ts';
import { age } from './age.ts';
import type { Table } from './table.ts';

/** What the table of connectors is made of. */
export interface ConnectorsView {
  readonly connectors: readonly ListedResource[];
  readonly health: SiteHealth;
  readonly wide: boolean;
  readonly now: Date;
}

const HEADER = ['NAME', 'READY', 'REMOTE', 'ROUTES', 'INSTANCES', 'STATUS', 'AGE'];
const WIDE = ['LOCAL', 'PROTOCOL', 'REASON'];

/** Connectors in the printer columns of their Kubernetes resource. */
export function connectorsTable({ connectors, health, wide, now }: ConnectorsView): Table {
  const rows = connectors.map(({ name, resource, updatedAt }) => {
    const state = health.connectors.find(({ connector }) => connector === name);
    const spec = specOf(resource);
    const row = [
      name,
      readiness(state?.verdict),
      textOf(recordOf(spec['remoteBrokerConnection'])['endpoint']),
      state === undefined ? '-' : `${state.routes.healthy}/${state.routes.total}`,
      state === undefined ? '-' : `${state.instances.healthy}/${state.instances.wanted}`,
      state?.verdict ?? 'Unknown',
      age(updatedAt, now),
    ];
    const reasons = state?.reasons.map(({ reason }) => reason) ?? [];
    if (!wide) return row;
    const local = textOf(recordOf(spec['localBrokerConnection'])['endpoint']);
    return [...row, local, textOf(spec['protocol'], 'v5'), [...new Set(reasons)].join(',') || '-'];
  });
  return { header: wide ? [...HEADER, ...WIDE] : HEADER, rows };
}

/** Status of the condition Ready that stands for a verdict. */
export function readiness(verdict: Verdict | undefined): 'True' | 'False' | 'Unknown' {
  switch (verdict) {
    case 'Healthy':
      return 'True';
    case 'Degraded':
    case 'Unhealthy':
      return 'False';
    case 'Stale':
    case 'Unknown':
    case undefined:
      return 'Unknown';
  }
}

/** The `spec` of a resource as it was sent; empty where it is none. */
export function specOf(resource: unknown): Readonly<Record<string, unknown>> {
  return recordOf(recordOf(resource)['spec']);
}

/** A value as the text it is, or what stands for it. */
export function textOf(value: unknown, fallback = '-'): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
