import type { LoadResult } from '../../../shared/config/load.ts';
import { validateLoaded } from '../../../shared/config/validate.ts';
import type { Problem } from '../../../shared/problem.ts';
import { chooseConnector } from '../choose-connector.ts';
import type { ConfigUpdate } from '../source.ts';

/** A document as somebody hands it out: never to be trusted, whatever it is said to have been checked by. */
export interface ReceivedDocument {
  /** Tells contents apart; nobody compares it with hashes of ours. */
  readonly revision: string;
  readonly resources: readonly Readonly<Record<string, unknown>>[];
  /** The connector's object in the cluster, where it comes from one. */
  readonly object?: ObjectVersion | undefined;
}

/** Which object, and how often its specification had changed. */
export interface ObjectVersion {
  readonly uid: string;
  readonly generation: number;
}

/** How resources are named in problems. */
export type LoadDocument = (resources: ReceivedDocument['resources']) => LoadResult;

/** Checks a document by the rules of files; one that breaks them, or is for another connector, becomes a rejection. */
export function judgeDocument(
  { revision, resources }: ReceivedDocument,
  connector: string,
  load: LoadDocument,
): ConfigUpdate {
  const { problems, connectors } = validateLoaded(load(resources));
  const rejected = (found: readonly Problem[]): ConfigUpdate => ({ kind: 'rejected', revision, problems: found });
  if (problems.some(({ severity }) => severity === 'error')) return rejected(problems);
  const choice = chooseConnector(connectors, connector, `revision ${revision}`);
  return choice.kind === 'none'
    ? rejected([...problems, choice.problem])
    : { kind: 'document', document: choice.document };
}
