import type { ConnectorDocument } from '../../shared/plan/document.ts';
import type { Problem } from '../../shared/problem.ts';
import { fileProblem } from './read-files.ts';

/** The one connector that an agent runs, or why there is none. */
export type Choice =
  | { readonly kind: 'chosen'; readonly document: ConnectorDocument }
  | { readonly kind: 'none'; readonly problem: Problem };

/** Picks the connector called `wanted`, or the only one when no name is given. */
export function chooseConnector(
  documents: readonly ConnectorDocument[],
  wanted: string | undefined,
  where: string,
): Choice {
  const names = documents.map((document) => document.connector.metadata.name);
  const candidates = wanted === undefined ? documents : documents.filter((_, index) => names[index] === wanted);
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return { kind: 'chosen', document: only };
  return { kind: 'none', problem: whyNone(names, wanted, where) };
}

function whyNone(names: readonly string[], wanted: string | undefined, where: string): Problem {
  const known = names.slice(0, 10).join(', ') + (names.length > 10 ? ', …' : '');
  if (names.length === 0) return noConnector(where);
  if (wanted === undefined) {
    return fileProblem(
      'XR902',
      where,
      `${names.length} connectors found (${known}), and an agent runs one`,
      `choose one with --connector ${names[0]}`,
    );
  }
  return fileProblem('XR903', where, `no connector is called "${wanted}"`, `choose one of: ${known}`);
}

/** The problem of files that hold no connector at all. */
export function noConnector(where: string): Problem {
  return fileProblem('XR901', where, 'no MqttBridgeConnector found', 'add one; the folder examples has some');
}
