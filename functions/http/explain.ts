import type { ExplainResult } from '../../shared/api/resources.ts';
import { type Direction, explainTopic } from '../../shared/explain.ts';
import type { Handler } from './contract.ts';
import { problemResponse } from './problems.ts';
import { connectorDocuments } from './site-state.ts';
import { readSite } from './write-site.ts';

/** Says what the routes of a site do with messages of some topics. */
export const explain: Handler = async ({ params, query }, _caller, { stores }) => {
  const wanted = query.get('connector');
  const direction = query.get('direction') as Direction | null;
  const all = connectorDocuments(await readSite(stores.bridges, params.site ?? ''));
  const documents = all.filter(({ connector }) => wanted === null || connector.metadata.name === wanted);
  if (wanted !== null && documents.length === 0) {
    return problemResponse('not-found', { detail: `there is no MqttBridgeConnector/${wanted} at this site` });
  }
  const results = documents.flatMap((document) =>
    query.getAll('topic').map((topic) => ({
      connector: document.connector.metadata.name,
      topic,
      routes: explainTopic(document, topic, direction ?? undefined).map((route) => ({
        ...route,
        lanes: [...route.lanes],
        warnings: [...route.warnings],
      })),
    })),
  );
  const json: ExplainResult = { apiVersion: 'mqttbridge/v1', kind: 'ExplainResult', results };
  return { status: 200, body: { json } };
};
