import { keyPart } from '../keys.ts';
import type { SessionStore } from '../store.ts';
import { createStateRows } from './state-rows.ts';
import type { Table } from './table.ts';

/** Sessions at Event Grid in Azure Tables. */
export function createSessionStore(table: Table): SessionStore {
  const rows = createStateRows(table);
  return {
    read: async (namespace, clientId) => rows.read(keyPart(namespace), keyPart(clientId)),
    write: async (namespace, clientId, state, expected) =>
      rows.write([keyPart(namespace), keyPart(clientId)], state, expected),
  };
}
