import type { BundleJudgement, ConnectorJudgement } from '../judge/bundle.ts';
import { fails, type Finding, holds } from './finding.ts';
import { conditionOf, instances, type InstancesView } from './instances.ts';
import { errorsIn, listing, problemListing } from './listing.ts';

/** Whether a connector with all of its topic maps is taken. */
export function connectorAccepted(
  judgement: BundleJudgement & { readonly connector: ConnectorJudgement },
  view: InstancesView,
  taken: readonly string[] = [],
): Finding {
  const { problems, obstacles } = judgement.connector;
  const errors = errorsIn(problems);
  if (errors.length > 0) return fails('Invalid', `${problemListing(errors)}.`);
  const maps = faultyMaps(judgement);
  if (maps !== undefined) return fails('TopicMapInvalid', maps);
  if (obstacles.length > 0) {
    return fails(
      'WorkloadRefused',
      `${listing(
        obstacles.map(({ path, message }) => `${path}: ${message}`),
        '; ',
        3,
      )}.`,
    );
  }
  if (taken.length > 0)
    return fails('NameTaken', `${listing(taken)} in namespace ${judgement.namespace} belong to somebody else.`);
  return refusedByInstance(view) ?? holds('Accepted');
}

/** Names topic maps with errors, with the rules they break. */
export function faultyMaps({ topicMaps }: BundleJudgement, except?: string): string | undefined {
  const faulty = [...topicMaps].flatMap(([name, { problems }]) => {
    const errors = errorsIn(problems);
    return errors.length === 0 || name === except ? [] : [`topic map ${name}: ${problemListing(errors)}`];
  });
  return faulty.length === 0 ? undefined : `${listing(faulty, '; ', 3)}.`;
}

// An instance that runs the newest configuration has accepted it, whatever it said before.
function refusedByInstance({ entries, outdated }: InstancesView): Finding | undefined {
  const refusing = entries.filter(
    (entry) => outdated.includes(entry.instance) && conditionOf(entry, 'Accepted')?.status === 'False',
  );
  const [first] = refusing;
  if (first === undefined) return undefined;
  const { reason, message } = conditionOf(first, 'Accepted') ?? { reason: '', message: '' };
  return fails('RefusedByInstance', `${instances(refusing.map(({ instance }) => instance))}: ${reason}: ${message}`);
}
