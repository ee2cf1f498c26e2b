import { type ConnectorDocument, connectorDocument } from '../plan/document.ts';
import type { Problem } from '../problem.ts';
import type { Connector } from '../resources/connector.ts';
import { type Bundle, bundlesOf, connectorRefOf, placeOf, refersTo, routesOf } from './bundle.ts';
import { clientIdProblems } from './client-id-rules.ts';
import { connectorFindings } from './connector-rules.ts';
import { bundleProblems } from './cross-rules.ts';
import { placed } from './finding.ts';
import { type ConfigFile, type LoadResult, loadResources } from './load.ts';
import { compareProblems } from './report.ts';
import { type ConfigResource, type ParsedResources, parseResources, type ResourceProblem } from './resource.ts';
import { routeFindings } from './route-rules.ts';

/** What is wrong with a configuration, and the connectors that can run nevertheless. */
export interface ValidationResult {
  /** By file, line and column. */
  readonly problems: readonly Problem[];
  /**
   * Connectors without an error in them or in any of their topic maps. None at all while some text cannot be told to be
   * of no concern to them: a broken document may be a topic map of any connector.
   */
  readonly connectors: readonly ConnectorDocument[];
}

/** Reads and checks a whole configuration; never throws, whatever the text. */
export function validateConfig(files: readonly ConfigFile[]): ValidationResult {
  return validateLoaded(loadResources(files));
}

/** Checks a whole configuration that is data already; `loaded.problems` are among the problems of the result. */
export function validateLoaded(loaded: LoadResult): ValidationResult {
  const parsed = parseResources(loaded.resources);
  const bundles = bundlesOf(parsed);
  const found = [
    ...parsed.problems,
    ...parsed.connectors.flatMap(connectorProblems),
    ...parsed.topicMaps.flatMap((map) => mapProblems(map, parsed)),
    ...duplicateProblems(parsed.connectors),
    ...duplicateProblems(parsed.topicMaps),
    ...bundles.flatMap(bundleProblems),
    ...clientIdProblems(bundles),
  ];
  const problems = [...loaded.problems, ...found.map(({ problem }) => problem)].sort(compareProblems);
  return { problems, connectors: isReadable(loaded.problems, found, parsed) ? runnable(bundles, found) : [] };
}

function runnable(bundles: readonly Bundle[], found: readonly ResourceProblem[]): ConnectorDocument[] {
  const faulty = new Set(found.filter(({ problem }) => problem.severity === 'error').map(({ resource }) => resource));
  return bundles.flatMap(({ connector, resource, maps }) => {
    const values = maps.flatMap(({ value }) => (value === undefined ? [] : [value]));
    const broken = [resource, ...maps.map(({ loaded }) => loaded)].some((one) => faulty.has(one));
    return broken || values.length < maps.length ? [] : [connectorDocument(connector, values)];
  });
}

/** Whether it is known of every document which connector it belongs to. */
function isReadable(
  text: readonly Problem[],
  found: readonly ResourceProblem[],
  { topicMaps }: ParsedResources,
): boolean {
  if (text.some(({ severity }) => severity === 'error')) return false;
  if (found.some(({ problem }) => problem.severity === 'error' && problem.rule.startsWith('YA'))) return false;
  return topicMaps.every((map) => connectorRefOf(map) !== undefined);
}

function connectorProblems({ value, loaded }: ConfigResource<Connector>): ResourceProblem[] {
  if (value === undefined) return [];
  return connectorFindings(value, loaded.value).map((finding) => ({
    resource: loaded,
    problem: placed(finding, loaded),
  }));
}

function mapProblems(map: ParsedResources['topicMaps'][number], { connectors }: ParsedResources): ResourceProblem[] {
  const { loaded, namespace } = map;
  const wanted = connectorRefOf(map);
  const found = routesOf(map).flatMap(({ route, path }) =>
    routeFindings(route, wanted ?? '').map((finding) => ({ resource: loaded, problem: placed(finding, loaded, path) })),
  );
  if (map.value === undefined || connectors.some((connector) => refersTo(map, connector))) return found;
  const elsewhere = connectors.find((connector) => connector.name === wanted);
  const finding = {
    rule: 'XR001',
    path: ['spec', 'mqttBridgeConnectorRef'],
    message: `there is no MqttBridgeConnector "${wanted}" in namespace ${namespace}`,
    advice:
      elsewhere === undefined ? undefined : `it is in namespace ${elsewhere.namespace}: put both into one namespace`,
  };
  return [...found, { resource: loaded, problem: placed(finding, loaded) }];
}

/** Both places are told, since either may be the wrong one. */
function duplicateProblems(resources: readonly ConfigResource<unknown>[]): ResourceProblem[] {
  const named = resources.filter(({ name }) => name !== undefined);
  const groups = Map.groupBy(named, ({ namespace, name }) => `${namespace}/${name}`);
  return [...groups.values()].flatMap((same) => {
    if (same.length < 2) return [];
    return same.map(({ loaded, name, namespace }) => {
      const other = same.find((one) => one.loaded !== loaded);
      const place = other === undefined ? '' : placeOf({ resource: other.loaded, path: ['metadata', 'name'] });
      const message = `"${name}" in namespace ${namespace} is also at ${place}`;
      return { resource: loaded, problem: placed({ rule: 'XR003', path: ['metadata', 'name'], message }, loaded) };
    });
  });
}
