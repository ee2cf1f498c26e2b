import type { ConnectorHealth, HealthEvent, SiteHealth } from '../../../../shared/api/health.ts';
import { LONG_AGO } from '../../../support/site-double.ts';

const QUOTA = {
  reason: 'QuotaExceeded',
  message: 'the remote broker allows no more sessions for this client',
  fix: 'raise maximumClientSessionsPerAuthenticationName of the namespace',
  instance: '1',
  side: 'remote',
} as const;
const healthy = { verdict: 'Healthy', since: LONG_AGO, reasons: [] } as const;

/** The connector of the sample with one of its two instances refused. */
export function degradedConnector(): ConnectorHealth {
  const degraded = { verdict: 'Degraded', since: '2026-01-01T00:02:00.000Z', reasons: [QUOTA] } as const;
  return {
    apiVersion: 'mqttbridge/v1',
    kind: 'ConnectorHealth',
    site: 'plant',
    connector: 'bridge',
    ...degraded,
    reasons: [QUOTA],
    judgedAt: '2026-01-01T00:04:00.000Z',
    desiredRevision: '4b1d',
    instances: [
      {
        instance: '0',
        ...healthy,
        reasons: [],
        reportedAt: '2026-01-01T00:04:30.000Z',
        version: '0.1.0',
        revision: '4b1d',
      },
      { instance: '1', ...degraded, verdict: 'Unhealthy', reasons: [QUOTA], reportedAt: '2026-01-01T00:04:40.000Z' },
    ],
    routes: [
      {
        topicMap: 'bridge-map',
        route: 'up',
        direction: 'local-to-remote',
        ...degraded,
        reasons: [QUOTA],
        received: 120,
        forwarded: 100,
        dropped: 3,
      },
    ],
    timeline: sampleEvents(),
  };
}

/** A site of this connector and a healthy one. */
export function degradedSite(): SiteHealth {
  const { verdict, since, reasons } = degradedConnector();
  return {
    apiVersion: 'mqttbridge/v1',
    kind: 'SiteHealth',
    site: 'plant',
    verdict,
    since,
    reasons,
    judgedAt: '2026-01-01T00:04:00.000Z',
    connectors: [
      {
        connector: 'bridge',
        verdict,
        since,
        reasons,
        instances: { wanted: 2, healthy: 1 },
        routes: { total: 1, healthy: 0 },
      },
      {
        connector: 'second',
        ...healthy,
        reasons: [],
        instances: { wanted: 1, healthy: 1 },
        routes: { total: 1, healthy: 1 },
      },
    ],
  };
}

/** The newest first. */
export function sampleEvents(): HealthEvent[] {
  const connector = 'bridge';
  return [
    {
      id: 'c',
      at: '2026-01-01T00:02:00.000Z',
      type: 'VerdictChanged',
      connector,
      from: 'Healthy',
      to: 'Degraded',
      reasons: [QUOTA],
    },
    {
      id: 'b',
      at: '2026-01-01T00:01:59.000Z',
      type: 'InstanceChanged',
      connector,
      instance: '1',
      from: 'Healthy',
      to: 'Unhealthy',
      reasons: [QUOTA],
    },
    { id: 'a', at: LONG_AGO, type: 'DefinitionChanged', connector, to: '4b1d', reasons: [] },
  ];
}
