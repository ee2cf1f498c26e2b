import { type ConfigFile, type LoadedResource, loadResources } from '../../../shared/config/load.ts';
import type { ConnectorInput } from '../../../shared/resources/connector.ts';
import { API_VERSION } from '../../../shared/resources/metadata.ts';
import type { DraftBridge, Drafts, ImportOptions, Remark, TopicMapInput } from '../imported.ts';
import { type Note, noteAt, type Place } from '../note.ts';
import { type Fields, fieldsIn, isFields, listIn, textIn } from '../record.ts';
import { presentForm } from './present-form.ts';

/** API groups that the two kinds had: E4K's, and that of the first versions of Azure IoT MQ. */
const GROUPS = /^(?:az-edge\.com|mq\.iotoperations\.azure\.com)\//;

interface OldResource {
  readonly resource: LoadedResource;
  readonly place: Place;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly spec: Fields;
}

/** Brings connectors and topic maps of older API groups and versions into the present form. */
export function importOldResources(files: readonly ConfigFile[], options: ImportOptions): Drafts {
  const loaded = loadResources(files);
  const notes: Note[] = loaded.problems.map((problem) =>
    noteAt(problem, 'error', { what: problem.rule, why: problem.message, advice: problem.advice }),
  );
  const connectors: OldResource[] = [];
  const maps: OldResource[] = [];
  for (const resource of loaded.resources) {
    const kind = kindOf(resource);
    if (kind === undefined) notes.push(foreign(resource));
    else {
      const { spec, notes: found } = presentForm(kind, resource);
      notes.push(...found);
      (kind === 'BC' ? connectors : maps).push(oldResource(resource, spec));
    }
  }
  const bridges = connectors.map((connector) =>
    bridgeOf(connector, maps, connectors.length === 1 ? options : { ...options, name: undefined }),
  );
  const lone = maps.filter((map) => !connectors.some((connector) => belongs(map, connector)));
  return { bridges, notes: [...notes, ...maps.flatMap(unnamed), ...lone.map(noConnector)] };
}

function kindOf({ value }: LoadedResource): 'BC' | 'TM' | undefined {
  if (!GROUPS.test(textIn(value, 'apiVersion') ?? '')) return undefined;
  const kind = textIn(value, 'kind')?.toLowerCase();
  if (kind === 'mqttbridgeconnector') return 'BC';
  return kind === 'mqttbridgetopicmap' ? 'TM' : undefined;
}

function foreign(resource: LoadedResource): Note {
  const { apiVersion, kind } = resource.value;
  return noteAt({ file: resource.file, ...resource.locate(['kind']) }, 'notCarried', {
    what: `${String(apiVersion)} ${String(kind)}`,
    why: 'it is no connector or topic map',
    advice: 'nothing, if it was not meant to be imported; data flows are imported from files of their own',
  });
}

function oldResource(resource: LoadedResource, spec: Fields): OldResource {
  const metadata = fieldsIn(resource.value, 'metadata');
  return {
    resource,
    place: { file: resource.file, ...resource.locate(['metadata', 'name']) },
    name: textIn(metadata, 'name') ?? '',
    namespace: textIn(metadata, 'namespace'),
    spec,
  };
}

function belongs(map: OldResource, { name, namespace }: OldResource): boolean {
  return map.namespace === namespace && textIn(map.spec, 'mqttBridgeConnectorRef') === name;
}

function bridgeOf(connector: OldResource, maps: readonly OldResource[], options: ImportOptions): DraftBridge {
  const name = options.name ?? connector.name;
  return {
    place: connector.place,
    // The settling validates it; until then it is only believed to be one.
    connector: {
      value: {
        ...envelope('MqttBridgeConnector', name, connector, options),
        spec: connector.spec,
      } as unknown as ConnectorInput,
      remarks: remarksOn(connector.spec),
    },
    topicMaps: maps
      .filter((map) => belongs(map, connector))
      .map((map) => {
        const spec = {
          ...map.spec,
          mqttBridgeConnectorRef: name,
          routes: listIn(map.spec, 'routes').flatMap((route, index) =>
            presentRoutes(route, generatedName(map.name, index)),
          ),
        };
        const value = { ...envelope('MqttBridgeTopicMap', map.name, map, options), spec } as unknown as TopicMapInput;
        return { value, remarks: [] };
      }),
    commands: [],
  };
}

function envelope(
  kind: string,
  name: string,
  { resource, namespace: own }: OldResource,
  options: ImportOptions,
): object {
  const metadata = fieldsIn(resource.value, 'metadata');
  const namespace = options.namespace ?? own;
  const kept = ['labels', 'annotations'].flatMap((field) =>
    isFields(metadata[field]) ? [[field, metadata[field]]] : [],
  );
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...Object.fromEntries(kept) },
  };
}

/** Route names are unique in a connector, which may have several maps. */
function generatedName(map: string, index: number): string {
  return `${map.slice(0, 50)}-${index + 1}`;
}

function unnamed({ spec, resource, name }: OldResource): Note[] {
  return listIn(spec, 'routes').flatMap((route, index) => {
    if (textIn(route, 'name') !== undefined) return [];
    const place = { file: resource.file, ...resource.locate(['spec', 'routes', index]) };
    const why = `it has no name and is called ${generatedName(name, index)}, which becomes part of the client ID`;
    return [noteAt(place, 'changed', { what: `spec.routes[${index}]`, why, advice: 'give it a name of your own' })];
  });
}

/** Drafts of the original had routes for both directions, and its samples routes without a name. */
function presentRoutes(route: unknown, name: string): unknown[] {
  if (!isFields(route)) return [route];
  const named = { ...route, name: textIn(route, 'name') ?? name };
  if (textIn(route, 'direction')?.toLowerCase() !== 'both') return [named];
  return [
    { ...named, name: `${named.name}-out`, direction: 'local-to-remote' },
    { ...named, name: `${named.name}-in`, direction: 'remote-to-local' },
  ];
}

function remarksOn(spec: Fields): Remark[] {
  const endpoint = textIn(fieldsIn(spec, 'localBrokerConnection'), 'endpoint') ?? '';
  if (!/^(?:azedge|aio-mq)-/.test(endpoint)) return [];
  const text = 'DECIDE: this is the local broker of the original; name yours unless it still runs';
  return [{ path: ['spec', 'localBrokerConnection', 'endpoint'], text }];
}

function noConnector({ place, name, spec }: OldResource): Note {
  return noteAt(place, 'error', {
    what: `topic map ${name}`,
    why: `its connector "${textIn(spec, 'mqttBridgeConnectorRef') ?? ''}" is not among the files`,
    advice: 'give the file of the connector with -f too',
  });
}
