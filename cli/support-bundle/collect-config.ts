import { readConfigFiles } from '../../agent/config/read-files.ts';
import { loadResources } from '../../shared/config/load.ts';
import { ruleOf } from '../../shared/config/rules.ts';
import { validateConfig } from '../../shared/config/validate.ts';
import type { ConnectorDocument } from '../../shared/plan/document.ts';
import { planConnector } from '../../shared/plan/plan.ts';
import type { Problem } from '../../shared/problem.ts';
import { yamlDocument } from '../views/yaml-documents.ts';
import type { Archive } from './archive.ts';
import type { Cleaner } from './clean.ts';

const KINDS: readonly unknown[] = ['MqttBridgeConnector', 'MqttBridgeTopicMap'];

/** The resources of the files, what `validate` says of them, and which sessions they would make. */
export async function collectConfig(archive: Archive, paths: readonly string[], cleaner: Cleaner): Promise<void> {
  const read = await readConfigFiles(paths);
  const source = paths.join(', ');
  const { problems, connectors } = validateConfig(read.files);
  const found = [...read.problems, ...problems].map((problem) => cleaner.data(withoutQuote(problem)));
  archive.addJson('config/validation.json', { valid: connectors.length > 0, problems: found }, source);
  // Text that cannot be read as YAML cannot be cleaned by its fields either.
  const { resources } = loadResources(read.files);
  const ours = resources.filter(({ value }) => KINDS.includes(value.kind));
  const documents = await Promise.all(ours.map(async ({ value }) => yamlDocument(cleaner.resource(value))));
  archive.add('config/resources.yaml', documents.join('---\n'), source);
  const other = resources.length - ours.length;
  if (other > 0) archive.fail(source, `${other} documents of other kinds are left out`);
  if (problems.some(({ rule }) => rule.startsWith('YA00'))) archive.fail(source, 'text that is not YAML is left out');
  const plans = connectors.map(sessionsOf);
  archive.addJson('config/plan.json', cleaner.data(plans), source);
}

/** The parser quotes text of which nobody knows what it is. */
function withoutQuote(problem: Problem): Problem {
  return problem.rule.startsWith('YA00') ? { ...problem, message: ruleOf(problem.rule).title } : problem;
}

function sessionsOf(document: ConnectorDocument): object {
  const { connector, sessions, lanes } = planConnector(document);
  return {
    connector,
    revision: document.revision,
    sessions: sessions.map(({ side, clientId }) => ({ side, clientId })),
    lanes: lanes.map(({ slot, topicMap, route, subscription }) => ({
      slot,
      topicMap,
      route: route.name,
      subscription,
    })),
  };
}
