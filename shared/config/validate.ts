import { type ConnectorDocument, connectorDocument } from '../plan/document.ts';
import type { Problem } from '../problem.ts';
import type { Connector } from '../resources/connector.ts';
import type { ConfigFile } from './file.ts';
import { loadResources } from './load.ts';
import { compareProblems, problemOf } from './report.ts';
import { type ConfigResource, type ParsedResources, parseResources } from './resource.ts';

/** What is wrong with a configuration, and the connectors that can run nevertheless. */
export interface ValidationResult {
  /** By file, line and column. */
  readonly problems: readonly Problem[];
  /** Connectors without an error in them or in any of their topic maps. */
  readonly connectors: readonly ConnectorDocument[];
}

/** Reads and checks a whole configuration; never throws, whatever the text. */
export function validateConfig(files: readonly ConfigFile[]): ValidationResult {
  const loaded = loadResources(files);
  const parsed = parseResources(loaded.resources);
  const problems = [...loaded.problems, ...parsed.problems, ...referenceProblems(parsed)];
  const connectors = parsed.connectors.flatMap((connector) => {
    const maps = parsed.topicMaps.filter((map) => refersTo(map.loaded.value, map.namespace, connector));
    const values = maps.flatMap((map) => (map.value === undefined ? [] : [map.value]));
    if (connector.value === undefined || values.length < maps.length) return [];
    return [connectorDocument(connector.value, values)];
  });
  return { problems: problems.sort(compareProblems), connectors };
}

function referenceProblems({ connectors, topicMaps }: ParsedResources): Problem[] {
  return topicMaps.flatMap((map) => {
    if (map.value === undefined || connectors.some((connector) => refersTo(map.loaded.value, map.namespace, connector)))
      return [];
    const path = ['spec', 'mqttBridgeConnectorRef'];
    const message = `there is no MqttBridgeConnector "${map.value.spec.mqttBridgeConnectorRef}" in namespace ${map.namespace}`;
    return [problemOf('XR001', map.loaded.file, map.loaded.locate(path), path, message)];
  });
}

function refersTo(
  raw: Readonly<Record<string, unknown>>,
  namespace: string,
  connector: ConfigResource<Connector>,
): boolean {
  const spec = raw.spec as { mqttBridgeConnectorRef?: unknown } | undefined;
  return (
    connector.namespace === namespace && connector.name !== undefined && spec?.mqttBridgeConnectorRef === connector.name
  );
}
