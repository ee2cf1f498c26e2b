import type { AgentReport } from '../../../shared/api/report.ts';
import { keyPart } from '../keys.ts';
import { StoreError } from '../store-error.ts';
import type { ReportOutcome, ReportStore, StoredReport } from '../store.ts';
import { isSuperseded } from '../superseded.ts';
import { removeRange } from './bulk.ts';
import { packText, unpackText } from './packed-text.ts';
import type { Entity, StoredEntity, Table } from './table.ts';
import { isTag } from './tag.ts';

// Sorts behind every character of a part of a key.
const SEPARATOR = '~';
// Of many that write the same place at once one wins each time, so that this many always get through.
const MOST_ATTEMPTS = 30;

/** Reports in Azure Tables. */
export function createReportStore(table: Table): ReportStore {
  return {
    async put(site, incoming) {
      const entity = entityOf(site, incoming);
      const { tag } = incoming.report;
      const next = isTag(tag) ? await table.replace(entity, tag) : undefined;
      if (next !== undefined) return { kind: 'stored', tag: next, first: false };
      return judgeAndReplace(table, entity, incoming);
    },
    async list(site) {
      return (await table.query({ partition: keyPart(site) })).map(parse);
    },
    async remove(site, connector, instance) {
      const partition = keyPart(site);
      const start = keyPart(connector) + SEPARATOR;
      if (instance !== undefined) await table.remove(partition, start + keyPart(instance));
      else await removeRange(table, { partition, from: start, before: start + SEPARATOR });
    },
    async removeSite(site) {
      await removeRange(table, { partition: keyPart(site) });
    },
  };
}

async function judgeAndReplace(table: Table, entity: Entity, incoming: StoredReport): Promise<ReportOutcome> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const stored = await table.get(entity.partitionKey, entity.rowKey);
    if (stored && isSuperseded(incoming, parse(stored))) return { kind: 'superseded', tag: stored.etag };
    const tag = stored ? await table.replace(entity, stored.etag) : await table.insert(entity);
    if (tag !== undefined) return { kind: 'stored', tag, first: stored === undefined };
  }
  throw new StoreError('unavailable', 'too many agents report as this instance at once');
}

function entityOf(site: string, { connector, instance, receivedAt, report }: StoredReport): Entity {
  return {
    partitionKey: keyPart(site),
    rowKey: keyPart(connector) + SEPARATOR + keyPart(instance),
    connector,
    instance,
    receivedAt,
    ...packText('report', JSON.stringify(report)),
  };
}

function parse(entity: StoredEntity): StoredReport {
  return {
    connector: String(entity['connector']),
    instance: String(entity['instance']),
    receivedAt: String(entity['receivedAt']),
    report: JSON.parse(unpackText('report', entity)) as AgentReport,
  };
}
