import { randomUUID } from 'node:crypto';
import type { HealthEvent } from '../../../shared/api/health.ts';
import type { AgentReport } from '../../../shared/api/report.ts';
import { sha256 } from '../../../shared/sha256.ts';
import type { JsonObject, ManifestEntry, SiteChange, StoredReport } from '../../../functions/store/store.ts';

/** Any moment, RFC 3339. */
export const NOON = '2026-11-23T12:00:00.000Z';

/** A change of a site that makes it consist of one connector per document, by name. */
export function change(generation: number, documents: Readonly<Record<string, JsonObject>>): SiteChange {
  const named = Object.entries(documents).map(([name, document]) => ({ name, document, hash: hashOf(document) }));
  return {
    generation,
    entries: named.map(({ name, hash }) => entry(name, hash, generation)),
    desired: Object.fromEntries(named.map(({ name, hash }) => [name, { revision: hash.slice(0, 12), instances: 1 }])),
    documents: new Map(named.map(({ hash, document }) => [hash, document])),
  };
}

function entry(name: string, hash: string, version: number): ManifestEntry {
  return { kind: 'MqttBridgeConnector', name, version, hash, updatedAt: NOON };
}

/** Hash of a document as manifests have it. */
export function hashOf(document: JsonObject): string {
  return sha256(JSON.stringify(document));
}

/** What a sample of a report may say differently. */
export interface ReportSample extends Partial<Omit<StoredReport, 'report'>> {
  readonly run?: string;
  readonly startedAt?: string;
  readonly sequence?: number;
  readonly tag?: string | undefined;
  readonly ready?: boolean;
}

const RUN = randomUUID();

/** A report of instance 0 of connector `line-1` at noon, the first of its run, unless told. */
export function report(sample: ReportSample = {}): StoredReport {
  const { connector = 'line-1', instance = '0', receivedAt = NOON, tag, ...told } = sample;
  const report: AgentReport = {
    apiVersion: 'mqttbridge/v1',
    kind: 'AgentReport',
    run: RUN,
    startedAt: NOON,
    sequence: 1,
    version: '1.0.0',
    intervalSeconds: 30,
    changed: true,
    document: {},
    ready: true,
    sessions: [],
    routes: [],
    credentials: [],
    ...told,
    ...(tag === undefined ? {} : { tag }),
  };
  return { connector, instance, receivedAt, report };
}

/** An event of `line-1`, at a number of milliseconds after noon. */
export function event(id: string, afterNoonMs: number, connector = 'line-1'): HealthEvent {
  const at = new Date(Date.parse(NOON) + afterNoonMs).toISOString();
  return { id, at, type: 'VerdictChanged', connector, from: 'Healthy', to: 'Degraded', reasons: [] };
}
