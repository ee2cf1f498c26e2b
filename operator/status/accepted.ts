import type { BundleJudgement, ConnectorJudgement } from '../judge/bundle.ts';
import { fails, type Finding, holds } from './finding.ts';
import { type InstancesView, saidBy } from './instances.ts';
import { errorsIn, listing, problemListing } from './listing.ts';

/** A judgement of a bundle that has its connector. */
export type WholeBundle = BundleJudgement & { readonly connector: ConnectorJudgement };

/** Whether a connector with all of its topic maps is taken. */
export function connectorAccepted(judgement: WholeBundle, view: InstancesView, taken: readonly string[] = []): Finding {
  const { problems, obstacles, document } = judgement.connector;
  const errors = errorsIn(problems);
  if (errors.length > 0) return fails('Invalid', `${problemListing(errors)}.`);
  if (document === undefined) return fails('TopicMapInvalid', faultyMapsText(judgement, judgement.faulty));
  if (obstacles.length > 0) {
    const texts = obstacles.map(({ path, message }) => `${path}: ${message}`);
    return fails('WorkloadRefused', `${listing(texts, '; ', 3)}.`);
  }
  if (taken.length > 0) {
    return fails('NameTaken', `Somebody else has ${listing(taken)} in namespace ${judgement.namespace}.`);
  }
  return refusedByInstance(view) ?? holds('Accepted');
}

/** Names topic maps with errors, with the rules they break. */
export function faultyMapsText({ topicMaps }: BundleJudgement, names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => {
    const errors = errorsIn(topicMaps.get(name)?.problems ?? []);
    return `topic map ${name}: ${problemListing(errors)}`;
  });
  const more = names.length > shown.length ? ` and ${(names.length - shown.length).toLocaleString('en-US')} more` : '';
  return `${shown.join('; ')}${more}.`;
}

// An instance that runs the newest configuration has accepted it, whatever it said before.
function refusedByInstance({ outdated }: InstancesView): Finding | undefined {
  const refused = saidBy('Accepted', { entries: outdated }, 'False');
  return refused && fails('RefusedByInstance', refused.message);
}
