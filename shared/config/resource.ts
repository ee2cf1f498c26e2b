import type { z } from 'zod';
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

/** A problem and the resource that it is about. */
export interface ResourceProblem {
  readonly resource: LoadedResource;
  readonly problem: Problem;
}

/** All resources of a configuration by kind, with the problems of each one alone. */
export interface ParsedResources {
  readonly problems: readonly ResourceProblem[];
  readonly connectors: readonly ConfigResource<Connector>[];
  readonly topicMaps: readonly ConfigResource<TopicMap>[];
}

const KINDS = ['MqttBridgeConnector', 'MqttBridgeTopicMap'];

/** Parses every resource by its schema. */
export function parseResources(loaded: readonly LoadedResource[]): ParsedResources {
  const problems: ResourceProblem[] = [];
  const connectors: ConfigResource<Connector>[] = [];
  const topicMaps: ConfigResource<TopicMap>[] = [];
  const report = (resource: LoadedResource, found: readonly Problem[]) =>
    problems.push(...found.map((problem) => ({ resource, problem })));
  for (const resource of loaded) {
    const kindFault = kindProblem(resource);
    report(resource, kindFault === undefined ? resource.problems : [kindFault]);
    if (kindFault !== undefined) continue;
    const isConnector = resource.value.kind === 'MqttBridgeConnector';
    const found = isConnector ? parse(resource, connectorSchema, 'BC') : parse(resource, topicMapSchema, 'TM');
    report(resource, found.problems);
    if (isConnector) connectors.push(found.parsed as ConfigResource<Connector>);
    else topicMaps.push(found.parsed as ConfigResource<TopicMap>);
  }
  return { problems, connectors, topicMaps };
}

function parse<T>(resource: LoadedResource, schema: z.ZodType<T>, prefix: 'BC' | 'TM') {
  const result = schema.safeParse(resource.value, { reportInput: true });
  const identity = {
    loaded: resource,
    namespace: textAt(resource, 'namespace') ?? 'default',
    name: textAt(resource, 'name'),
  };
  const parsed: ConfigResource<T> = result.success ? { ...identity, value: result.data } : identity;
  return { parsed, problems: result.success ? [] : issueProblems(result.error.issues, resource, prefix) };
}

function textAt(resource: LoadedResource, field: 'name' | 'namespace'): string | undefined {
  const metadata = resource.value.metadata as Partial<Record<typeof field, unknown>> | null | undefined;
  const text = metadata?.[field];
  return typeof text === 'string' ? text : undefined;
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
