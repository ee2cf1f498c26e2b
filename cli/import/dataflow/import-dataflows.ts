import { type ConfigFile, type LoadedResource, loadResources } from '../../../shared/config/load.ts';
import type { ConnectorInput } from '../../../shared/resources/connector.ts';
import { API_VERSION } from '../../../shared/resources/metadata.ts';
import { type DraftBridge, type Drafts, type ImportOptions, objectNameOf } from '../imported.ts';
import { type Note, noteAt } from '../note.ts';
import { fieldsIn, textIn } from '../record.ts';
import { DEFAULT_ENDPOINT, type Endpoint, endpointOf } from './endpoints.ts';
import { type Flow, flowOf, routesOf } from './flow.ts';

/** Makes one connector of each pair of endpoints, with the data flows between them as its routes. */
export function importDataflows(files: readonly ConfigFile[], options: ImportOptions): Drafts {
  const { problems, resources } = loadResources(files);
  const notes: Note[] = problems.map((problem) =>
    noteAt(problem, 'error', { what: problem.rule, why: problem.message, advice: problem.advice }),
  );
  const ofKind = (kind: string) => resources.filter(({ value }) => value.kind === kind);
  const endpoints = new Map([[DEFAULT_ENDPOINT.name, DEFAULT_ENDPOINT]]);
  for (const resource of ofKind('DataflowEndpoint')) {
    const endpoint = endpointOf(resource);
    if (endpoint !== undefined) endpoints.set(endpoint.name, endpoint);
  }
  const flows: Flow[] = [];
  for (const resource of ofKind('Dataflow')) {
    const found = flowOf(resource, endpoints);
    notes.push(...found.notes);
    if (found.flow) flows.push(found.flow);
  }
  notes.push(...usedEndpoints(flows).flatMap((endpoint) => endpoint.notes), ...resources.flatMap(foreign));
  const instances = new Map(ofKind('DataflowProfile').map((resource) => [nameOf(resource), instancesOf(resource)]));
  const groups = [...Map.groupBy(flows, (flow) => JSON.stringify([localOf(flow).name, remoteOf(flow).name])).values()];
  const naming = groups.length === 1 ? options : { ...options, name: undefined };
  return { bridges: groups.map((group) => bridgeOf(group, instances, naming)), notes };
}

function nameOf({ value }: LoadedResource): string {
  return textIn(fieldsIn(value, 'metadata'), 'name') ?? '';
}

function instancesOf({ value }: LoadedResource): number | undefined {
  const { instanceCount } = fieldsIn(value, 'spec');
  return typeof instanceCount === 'number' ? instanceCount : undefined;
}

function localOf({ source, target }: Flow): Endpoint {
  return source.isLocal ? source : target;
}

function remoteOf({ source, target }: Flow): Endpoint {
  return source.isLocal ? target : source;
}

function usedEndpoints(flows: readonly Flow[]): Endpoint[] {
  return [...new Set(flows.flatMap(({ source, target }) => [source, target]))];
}

const KINDS: readonly unknown[] = ['Dataflow', 'DataflowEndpoint', 'DataflowProfile'];

function foreign(resource: LoadedResource): Note[] {
  const { kind, apiVersion } = resource.value;
  if (KINDS.includes(kind)) return [];
  const place = { file: resource.file, ...resource.locate(['kind']) };
  const why = 'it is no data flow and no endpoint of one';
  const advice = 'nothing, if it was not meant to be imported; graphs transform messages, which a bridge does not';
  return [noteAt(place, 'notCarried', { what: `${String(apiVersion)} ${String(kind)}`, why, advice })];
}

function bridgeOf(
  flows: readonly Flow[],
  profiles: ReadonlyMap<string, number | undefined>,
  options: ImportOptions,
): DraftBridge {
  const [first] = flows as readonly [Flow, ...Flow[]];
  const local = localOf(first);
  const remote = remoteOf(first);
  const name = options.name ?? objectNameOf(remote.name);
  const namespace = options.namespace ?? textIn(fieldsIn(first.resource.value, 'metadata'), 'namespace');
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const bridgeInstances = Math.max(...flows.map(({ profile }) => profiles.get(profile) ?? 1));
  const spec = {
    protocol: 'v5',
    ...(bridgeInstances === 1 ? {} : { bridgeInstances }),
    clientIdPrefix: remote.clientIdPrefix ?? local.clientIdPrefix ?? name,
    ...sessionOf(local, remote),
    localBrokerConnection: connectionOf(local),
    remoteBrokerConnection: connectionOf(remote),
  };
  // The settling validates it; what an endpoint does not say is missing until then.
  const connector = {
    apiVersion: API_VERSION,
    kind: 'MqttBridgeConnector',
    metadata,
    spec,
  } as unknown as ConnectorInput;
  const topicMaps = flows.map((flow) => ({
    value: {
      apiVersion: API_VERSION,
      kind: 'MqttBridgeTopicMap',
      metadata: { ...metadata, name: objectNameOf(flow.name) },
      spec: { mqttBridgeConnectorRef: name, routes: routesOf(flow) },
    } as const,
    remarks: [],
  }));
  const place = { file: first.resource.file, ...first.resource.locate(['metadata', 'name']) };
  const text = 'DECIDE: client IDs are new ones; the old data flow must stop before this connector starts';
  const remarks = [{ path: ['spec', 'clientIdPrefix'], text }];
  return { place, connector: { value: connector, remarks }, topicMaps, commands: [] };
}

/** One setting holds for both brokers: the more careful one of each. */
function sessionOf(local: Endpoint, remote: Endpoint): object {
  const session: Record<string, number> = {};
  for (const field of ['expirySeconds', 'keepAliveSeconds', 'maxInflightMessages']) {
    const values = [local.session[field], remote.session[field]].filter((value) => value !== undefined);
    if (values.length > 0) session[field] = field === 'expirySeconds' ? Math.max(...values) : Math.min(...values);
  }
  return Object.keys(session).length === 0 ? {} : { session };
}

function connectionOf({ endpoint, protocol, tls, authentication }: Endpoint): object {
  return { endpoint, ...(protocol === 'mqtt' ? {} : { protocol }), tls, authentication };
}
