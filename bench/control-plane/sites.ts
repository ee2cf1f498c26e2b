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

/** Reads JSON as the administrator. */
export async function get(plane: Plane, path: string): Promise<unknown> {
  const response = await fetch(plane.url + path, { headers: { authorization: `Bearer ${plane.key}` } });
  return response.json();
}

/** A connector `bridge` between two brokers on loopback, with one route of this name. */
export function bridgeBetween(bridge: { readonly local: number; readonly remote: number; readonly route: string }) {
  const { local, remote, route } = bridge;
  const routes = [{ name: route, direction: 'local-to-remote', source: `${route}/#` }];
  return resources({
    name: 'bridge',
    instances: 1,
    local: `127.0.0.1:${local}`,
    remote: `127.0.0.1:${remote}`,
    routes,
  });
}

function resourcesOf(connector: number): object[] {
  const name = `bridge-${connector}`;
  const routes = Array.from({ length: ROUTES }, (_, route) => ({
    name: `route-${route}`,
    direction: 'local-to-remote',
    source: `factory/${connector}/line/${route}/#`,
  }));
  return resources({ name, instances: INSTANCES, local: 'localhost:1883', remote: 'broker.example:1883', routes });
}

interface Definition {
  readonly name: string;
  readonly instances: number;
  readonly local: string;
  readonly remote: string;
  readonly routes: readonly object[];
}

function resources({ name, instances, local, remote, routes }: Definition): object[] {
  return [
    {
      apiVersion: API_VERSION,
      kind: 'MqttBridgeConnector',
      metadata: { name },
      spec: {
        bridgeInstances: instances,
        clientIdPrefix: name,
        remoteBrokerConnection: {
          endpoint: remote,
          tls: { tlsEnabled: false },
          authentication: { anonymous: {} },
        },
        localBrokerConnection: { endpoint: local, authentication: { anonymous: {} } },
      },
    },
    {
      apiVersion: API_VERSION,
      kind: 'MqttBridgeTopicMap',
      metadata: { name: `map-of-${name}` },
      spec: { mqttBridgeConnectorRef: name, routes },
    },
  ];
}
