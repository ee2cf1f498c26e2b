import type { LoadedResource } from '../../../shared/config/load.ts';
import { validateLoaded } from '../../../shared/config/validate.ts';
import type { Problem } from '../../../shared/problem.ts';
import { chooseConnector } from '../choose-connector.ts';
import type { ConfigUpdate } from '../source.ts';

/** A document as the control plane hands it out: never to be trusted, whatever it says it has checked. */
export interface ReceivedDocument {
  /** Label of the control plane; says nothing of the content. */
  readonly revision: string;
  readonly resources: readonly Readonly<Record<string, unknown>>[];
}

/** Checks a document by the rules of files; one that breaks them, or is for another connector, becomes a rejection. */
export function judgeDocument({ revision, resources }: ReceivedDocument, connector: string): ConfigUpdate {
  const { problems, connectors } = validateLoaded({ problems: [], resources: resources.map(loaded) });
  const rejected = (found: readonly Problem[]): ConfigUpdate => ({ kind: 'rejected', revision, problems: found });
  if (problems.some(({ severity }) => severity === 'error')) return rejected(problems);
  const choice = chooseConnector(connectors, connector, `revision ${revision}`);
  return choice.kind === 'none'
    ? rejected([...problems, choice.problem])
    : { kind: 'document', document: choice.document };
}

/** Places in the text mean nothing here: its author wrote another one. */
function loaded(value: ReceivedDocument['resources'][number]): LoadedResource {
  return { file: nameOf(value), value, locate: () => ({ line: 1, column: 1 }), problems: [] };
}

/** `kind/name`, as far as the resource has them. */
function nameOf({ kind, metadata }: Readonly<Record<string, unknown>>): string {
  const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : undefined;
  return [kind, name].map((part) => (typeof part === 'string' ? part.slice(0, 253) : '?')).join('/');
}
