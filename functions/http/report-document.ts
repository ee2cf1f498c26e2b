import type { ReportAnswer } from '../../shared/api/report.ts';
import type { BridgeStore, JsonObject, SiteHead } from '../store/store.ts';

type Desired = ReportAnswer['desired'];

/** The connector and its topic maps as one moment of the site has them; `undefined` when it has no such connector (any more). */
export async function desiredDocument(bridges: BridgeStore, site: string, connector: string): Promise<Desired> {
  const head = await bridges.readHead(site);
  const desired = head?.desired[connector];
  if (head === undefined || desired === undefined) return { kind: 'undefined' };
  const { own, maps } = entriesOf(head, connector);
  if (own === undefined) return { kind: 'undefined' };
  // Which maps refer to the connector only the documents say.
  const hashes = [own, ...maps].map(({ hash }) => hash);
  const documents = await bridges.readDocuments(site, hashes);
  const [first, ...others] = hashes.map((hash) => documents.get(hash));
  if (first === undefined || others.includes(undefined)) {
    throw new Error(`the store lacks documents of site ${site}`);
  }
  const referring = others.filter((map) => map !== undefined && refersTo(map, first));
  return { kind: 'document', revision: desired.revision, resources: [first, ...referring].map((one) => ({ ...one })) };
}

function entriesOf({ entries }: SiteHead, connector: string) {
  return {
    own: entries.find(({ kind, name }) => kind === 'MqttBridgeConnector' && name === connector),
    maps: entries.filter(({ kind }) => kind === 'MqttBridgeTopicMap'),
  };
}

function refersTo(map: JsonObject, connector: JsonObject): boolean {
  const wanted = (map.spec as { readonly mqttBridgeConnectorRef?: unknown } | undefined)?.mqttBridgeConnectorRef;
  return wanted === metadataOf(connector).name && metadataOf(map).namespace === metadataOf(connector).namespace;
}

function metadataOf({ metadata }: JsonObject): { readonly name?: unknown; readonly namespace: unknown } {
  const { name, namespace = 'default' } = (metadata ?? {}) as { readonly name?: unknown; readonly namespace?: unknown };
  return { name, namespace };
}
