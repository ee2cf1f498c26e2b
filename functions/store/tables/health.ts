import type { HealthEvent } from '../../../shared/api/health.ts';
import { eventKey, keyAfterEventsSince, keyPart } from '../keys.ts';
import { decodePosition, encodePosition, EVENT_KEY } from '../page-position.ts';
import type { HealthStore } from '../store.ts';
import { insertMissing, removeRange } from './bulk.ts';
import { packText, partsOf, unpackText } from './packed-text.ts';
import { createStateRows } from './state-rows.ts';
import type { Entity, Table } from './table.ts';

const ROW = 'state';

/** Judgements and time lines in Azure Tables. */
export function createHealthStore(health: Table, events: Table): HealthStore {
  const rows = createStateRows(health);
  return {
    read: async (site) => rows.read(keyPart(site), ROW),
    write: async (site, state, expected) => rows.write([keyPart(site), ROW], state, expected),
    async removeSite(site) {
      await health.remove(keyPart(site), ROW);
      await removeRange(events, { partition: keyPart(site) });
    },
    ...createEventLog(events),
  };
}

function createEventLog(events: Table): Pick<HealthStore, 'addEvents' | 'listEvents' | 'pruneEvents'> {
  return {
    async addEvents(site, added) {
      const entities = added.map((event) => entityOf(keyPart(site), event));
      // One transaction takes a key only once.
      const once = new Map(entities.toReversed().map((entity) => [entity.rowKey, entity]));
      await insertMissing(events, [...once.values()]);
    },
    async listEvents(site, { connector, since, limit, continue: token }) {
      const found = await events.query({
        partition: keyPart(site),
        ...(token === undefined ? {} : { after: decodePosition(token, EVENT_KEY) }),
        ...(since === undefined ? {} : { before: keyAfterEventsSince(since) }),
        ...(connector === undefined ? {} : { connector }),
        limit: limit + 1,
        select: ['RowKey', ...partsOf('event')],
      });
      const page = found.slice(0, limit);
      const last = page.at(-1)?.rowKey;
      const more = found.length > limit && last !== undefined ? { continue: encodePosition(last) } : {};
      return { items: page.map((entity) => JSON.parse(unpackText('event', entity)) as HealthEvent), ...more };
    },
    async pruneEvents(site, before) {
      return removeRange(events, { partition: keyPart(site), from: keyAfterEventsSince(before) });
    },
  };
}

function entityOf(partitionKey: string, event: HealthEvent): Entity {
  const { connector } = event;
  return {
    partitionKey,
    rowKey: eventKey(event),
    ...(connector === undefined ? {} : { connector }),
    ...packText('event', JSON.stringify(event)),
  };
}
