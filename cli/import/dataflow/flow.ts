import type { LoadedResource } from '../../../shared/config/load.ts';
import type { Path } from '../../../shared/config/position.ts';
import type { RouteInput } from '../../../shared/resources/topic-map.ts';
import { objectNameOf } from '../imported.ts';
import { type Fields, fieldsIn, isFields, listIn, textIn } from '../record.ts';
import { type Endpoint, type NoteLog, noteLog, unknownFields } from './endpoints.ts';

/** What a Dataflow says, when it is one that a bridge can do. */
export interface Flow {
  readonly resource: LoadedResource;
  readonly name: string;
  readonly profile: string;
  readonly source: Endpoint;
  readonly target: Endpoint;
  readonly sources: readonly string[];
  readonly destination: string;
}

/** The flow, or undefined with the reason as a note. */
export function flowOf(
  resource: LoadedResource,
  endpoints: ReadonlyMap<string, Endpoint>,
): { readonly flow: Flow | undefined; readonly notes: NoteLog['notes'] } {
  const log = noteLog(resource);
  const spec = fieldsIn(resource.value, 'spec');
  const operations = operationsOf(spec);
  const name = textIn(fieldsIn(resource.value, 'metadata'), 'name') ?? '';
  const possible = [enabled(spec, log), untransformed(operations, log)].every((fits) => fits);
  const source = endpointAt(operations, 'Source', endpoints, log);
  const target = endpointAt(operations, 'Destination', endpoints, log);
  if (
    spec['requestDiskPersistence'] !== undefined &&
    textIn(spec, 'requestDiskPersistence')?.toLowerCase() !== 'disabled'
  ) {
    log.lost(['spec', 'requestDiskPersistence'], {
      why: 'the agent keeps nothing on disk: a message stays at its broker until the other side has it',
      advice: 'let the local broker persist sessions',
    });
  }
  for (const field of unknownFields(spec, ['mode', 'requestDiskPersistence', 'operations', 'profileRef'])) {
    log.lost(['spec', field], { why: 'a bridge has nothing like it', advice: 'keep this data flow for it' });
  }
  const flow =
    possible && source && target && oneLocal(source, target, log)
      ? {
          resource,
          name,
          profile: textIn(spec, 'profileRef') ?? 'default',
          source,
          target,
          sources: listIn(settingsOf(operations, 'Source'), 'dataSources').filter((one) => typeof one === 'string'),
          destination: textIn(settingsOf(operations, 'Destination'), 'dataDestination') ?? '',
        }
      : undefined;
  return { flow, notes: log.notes };
}

/** The routes of a flow: one per data source. */
export function routesOf({ name, source, target, sources, destination }: Flow): RouteInput[] {
  return sources.map((filter, index): RouteInput => {
    const same = destination === '' || destination === '${inputTopic}' || destination === filter;
    return {
      direction: source.isLocal ? 'local-to-remote' : 'remote-to-local',
      name: sources.length === 1 ? objectNameOf(name) : `${objectNameOf(name)}-${index + 1}`,
      qos: source.qos < target.qos ? source.qos : target.qos,
      source: filter.replace(/^\$share\/[^/]+\//, ''),
      ...(same ? {} : { target: destination }),
      ...(target.retain === 'Never' ? { retain: 'Never' } : {}),
      ...shareOf(filter),
    };
  });
}

function shareOf(filter: string): Pick<RouteInput, 'sharedSubscription'> {
  const groupName = /^\$share\/([^/]+)\//.exec(filter)?.[1];
  return groupName === undefined ? {} : { sharedSubscription: { groupMinimumShareNumber: 1, groupName } };
}

interface Operation {
  readonly type: string;
  readonly value: Fields;
  readonly path: Path;
}

function operationsOf(spec: Fields): Operation[] {
  return listIn(spec, 'operations').flatMap((value, index) =>
    isFields(value) ? [{ type: textIn(value, 'operationType') ?? '', value, path: ['spec', 'operations', index] }] : [],
  );
}

const SETTINGS: Readonly<Record<string, string>> = {
  Source: 'sourceSettings',
  Destination: 'destinationSettings',
  BuiltInTransformation: 'builtInTransformationSettings',
};

function settingsOf(operations: readonly Operation[], type: string): Fields {
  const operation = operations.find((one) => one.type.toLowerCase() === type.toLowerCase());
  return fieldsIn(operation?.value, SETTINGS[type] ?? '');
}

function enabled(spec: Fields, log: NoteLog): boolean {
  if (textIn(spec, 'mode')?.toLowerCase() !== 'disabled') return true;
  log.lost(['spec', 'mode'], { why: 'the data flow is disabled', advice: 'enable it, or write the route by hand' });
  return false;
}

/** Only what passes a message through unchanged is a bridge. */
function untransformed(operations: readonly Operation[], log: NoteLog): boolean {
  const results = operations.flatMap(({ type, value, path }) => {
    if (/^(?:source|destination)$/i.test(type)) return [];
    const settings = fieldsIn(value, 'builtInTransformationSettings');
    if (type.toLowerCase() !== 'builtintransformation') return [refused(log, path, `the operation ${type}`)];
    const at = (field: string) => [...path, 'builtInTransformationSettings', field];
    const used = ['filter', 'datasets'].filter((field) => listIn(settings, field).length > 0);
    if (listIn(settings, 'map').some((rule) => !passesThrough(rule))) used.push('map');
    if (!/^(?:json)?$/i.test(textIn(settings, 'serializationFormat') ?? '')) used.push('serializationFormat');
    if (settings['schemaRef'] !== undefined) used.push('schemaRef');
    return used.map((field) => refused(log, at(field), field));
  });
  return results.length === 0;
}

/** `PassThrough` of everything, which is what the portal writes when nothing is mapped. */
function passesThrough(rule: unknown): boolean {
  const inputs = listIn(rule, 'inputs');
  return (
    textIn(rule, 'type')?.toLowerCase() === 'passthrough' &&
    inputs.length === 1 &&
    inputs[0] === '*' &&
    textIn(rule, 'output') === '*'
  );
}

function refused(log: NoteLog, path: Path, what: string): true {
  log.lost(path, {
    why: `the bridge does not change messages, and ${what} does: the data flow is not imported`,
    advice: 'keep this data flow, or take the transformation out of it first',
  });
  return true;
}

function endpointAt(
  operations: readonly Operation[],
  type: 'Source' | 'Destination',
  endpoints: ReadonlyMap<string, Endpoint>,
  log: NoteLog,
): Endpoint | undefined {
  const settings = settingsOf(operations, type);
  const name = textIn(settings, 'endpointRef') ?? '';
  const index = operations.findIndex((one) => one.type.toLowerCase() === type.toLowerCase());
  const path = index === -1 ? ['spec', 'operations'] : ['spec', 'operations', index, SETTINGS[type] ?? ''];
  for (const field of unknownFields(settings, [
    'endpointRef',
    'dataSources',
    'dataDestination',
    'serializationFormat',
  ])) {
    log.lost([...path, field], {
      why: 'the bridge carries bytes and knows no assets and schemas',
      advice: 'nothing, if topics and payloads are as they should be',
    });
  }
  const found = endpoints.get(name);
  if (found !== undefined) return found;
  log.add('error', [...path, 'endpointRef'], {
    why: `no MQTT endpoint "${name}" is among the files`,
    advice: 'give the file of the DataflowEndpoint with -f too; endpoints that are not MQTT have no bridge',
  });
  return undefined;
}

function oneLocal(source: Endpoint, target: Endpoint, log: NoteLog): boolean {
  if (source.isLocal !== target.isLocal) return true;
  const [why, advice] = source.isLocal
    ? ['both endpoints are the local broker', 'nothing bridges a broker with itself: keep this data flow']
    : ['neither endpoint is the local broker', 'set hostType: LocalBroker on the one at the edge'];
  log.lost(['spec', 'operations'], { why: `${why}: the data flow is not imported`, advice });
  return false;
}
