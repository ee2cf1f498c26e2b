import { connectorResource, type SentResource, topicMapResource } from '../../support/resources.ts';

const MAPS = 6;

/** How many resources `markedSite` has. */
export const MARKED_RESOURCES = 1 + MAPS;

/** A connector and its maps that all carry the same mark, so that what is of two writes shows. */
export function markedSite(mark: number): SentResource[] {
  const names = Array.from({ length: MAPS }, (_, index) => `map-${index}`);
  return [
    connectorResource('bridge', { clientIdPrefix: `mark-${mark}` }),
    ...names.map((name) => topicMapResource(name, 'bridge', `mark-${mark}/${name}/#`)),
  ];
}

/** The marks that something carries, ascending; one when all of it was written at once. */
export function marksOf(shown: unknown): number[] {
  const marks = JSON.stringify(shown).matchAll(/mark-(\d+)/g);
  return [...new Set([...marks].map(([, mark]) => Number(mark)))].sort((a, b) => a - b);
}
