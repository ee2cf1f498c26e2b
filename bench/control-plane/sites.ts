import { API_VERSION } from '../../shared/resources/metadata.ts';
import type { Plane } from './plane.ts';

/** Where one simulated agent reports, and as whom. */
export interface Place {
  readonly path: string;
  readonly key: string;
}

const INSTANCES = 2;
const ROUTES = 5;

/** Defines sites with connectors of two instances and five routes each, and returns the places of `agents` agents. */
export async function defineSites(plane: Plane, agents: number, connectorsPerSite: number): Promise<Place[]> {
  const places: Place[] = [];
  for (let site = 0; places.length < agents; site++) {
    const wanted = Math.min(connectorsPerSite, Math.ceil((agents - places.length) / INSTANCES));
    const base = `/api/sites/site-${site}`;
    const resources = Array.from({ length: wanted }, (_, connector) => resourcesOf(connector)).flat();
    await post(plane, `${base}/apply`, resources);
    const { key } = (await post(plane, `${base}/grants`, { role: 'Bridge.Agent' })) as { key: string };
    for (let connector = 0; connector < wanted; connector++) {
      for (let instance = 0; instance < INSTANCES && places.length < agents; instance++) {
        places.push({ path: `${base}/agents/bridge-${connector}/${instance}/report`, key });
      }
    }
  }
  return places;
}

/** Sends JSON as the administrator; rejects with the answer unless it is good. */
export async function post(plane: Plane, path: string, body: unknown): Promise<unknown> {
  const headers = { authorization: `Bearer ${plane.key}`, 'content-type': 'application/json' };
  const response = await fetch(plane.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text.slice(0, 1000)}`);
  return JSON.parse(text);
}

function resourcesOf(connector: number): object[] {
  const name = `bridge-${connector}`;
  const routes = Array.from({ length: ROUTES }, (_, route) => ({
    name: `route-${route}`,
    direction: 'local-to-remote',
    source: `factory/${connector}/line/${route}/#`,
  }));
  return [
    {
      apiVersion: API_VERSION,
      kind: 'MqttBridgeConnector',
      metadata: { name },
      spec: {
        bridgeInstances: INSTANCES,
        clientIdPrefix: name,
        remoteBrokerConnection: {
          endpoint: 'broker.example:1883',
          tls: { tlsEnabled: false },
          authentication: { anonymous: {} },
        },
        localBrokerConnection: { endpoint: 'localhost:1883', authentication: { anonymous: {} } },
      },
    },
    {
      apiVersion: API_VERSION,
      kind: 'MqttBridgeTopicMap',
      metadata: { name: `map-${connector}` },
      spec: { mqttBridgeConnectorRef: name, routes },
    },
  ];
}
