import { z } from 'zod';
import type { Problem } from '../problem.ts';
import { type Connector, connectorSchema } from '../resources/connector.ts';
import { API_VERSION } from '../resources/metadata.ts';
import { type TopicMap, topicMapSchema } from '../resources/topic-map.ts';
import { issueProblems } from './issues.ts';
import type { LoadedResource } from './load.ts';
import { problemOf } from './report.ts';

/** A loaded resource of a known kind: parsed when it is valid, and always with its name and raw value. */
export interface ConfigResource<T> {
  readonly loaded: LoadedResource;
  readonly namespace: string;
  readonly name: string | undefined;
  /** Absent when the resource has an error of its own. */
  readonly value?: T;
}

/** All resources of a configuration by kind, with the problems of each one alone. */
export interface ParsedResources {
  readonly problems: readonly Problem[];
  readonly connectors: readonly ConfigResource<Connector>[];
  readonly topicMaps: readonly ConfigResource<TopicMap>[];
}

const KINDS = ['MqttBridgeConnector', 'MqttBridgeTopicMap'];

/** Parses every resource by its schema. */
export function parseResources(loaded: readonly LoadedResource[]): ParsedResources {
  const problems: Problem[] = [];
  const connectors: ConfigResource<Connector>[] = [];
  const topicMaps: ConfigResource<TopicMap>[] = [];
  for (const resource of loaded) {
    const kindFault = kindProblem(resource);
    if (kindFault !== undefined) problems.push(kindFault);
    else if (resource.value.kind === 'MqttBridgeConnector') {
      connectors.push(parse(resource, connectorSchema, 'BC', problems));
    } else {
      topicMaps.push(parse(resource, topicMapSchema, 'TM', problems));
    }
    if (kindFault === undefined) problems.push(...resource.problems);
  }
  return { problems, connectors, topicMaps };
}

function parse<T>(
  resource: LoadedResource,
  schema: z.ZodType<T>,
  prefix: 'BC' | 'TM',
  problems: Problem[],
): ConfigResource<T> {
  const parsed = schema.safeParse(resource.value, { reportInput: true });
  const metadata = z
    .object({ name: z.string().optional(), namespace: z.string().optional() })
    .safeParse(resource.value.metadata).data;
  const known = { loaded: resource, namespace: metadata?.namespace ?? 'default', name: metadata?.name };
  if (parsed.success) return { ...known, value: parsed.data };
  problems.push(...issueProblems(parsed.error.issues, resource, prefix));
  return known;
}

function kindProblem(resource: LoadedResource): Problem | undefined {
  const { kind, apiVersion } = resource.value;
  const at = (path: string) => resource.locate([path]);
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
    return problemOf('YA009', resource.file, resource.locate([]), [], 'apiVersion and kind are needed, both as text');
  }
  if (KINDS.includes(kind)) {
    if (apiVersion === API_VERSION) return undefined;
    return problemOf('YA011', resource.file, at('apiVersion'), ['apiVersion'], `"${apiVersion}" is not ${API_VERSION}`);
  }
  const near = KINDS.some((known) => known.toLowerCase() === kind.toLowerCase());
  if (near || apiVersion === API_VERSION) {
    return problemOf('YA011', resource.file, at('kind'), ['kind'], `the kind "${kind}" is not known`);
  }
  return problemOf('YA010', resource.file, at('kind'), ['kind'], `${apiVersion} ${kind} is ignored`);
}
