import { compileFilter, matchesFilter } from '../../shared/topic/filter.ts';
import type { MicroCase } from './harness.ts';

const filter = 'factory/+/line/+/telemetry/#';
const topics = ['factory/a/line/1/telemetry/temperature', 'factory/b/line/2/alarm/temperature', 'office/a/line/1'];

function countMatches(matches: (topic: string) => boolean): (count: number) => number {
  return (count) => {
    let matched = 0;
    for (let index = 0; index < count; index += 1) {
      if (matches(topics[index % topics.length])) matched += 1;
    }
    return matched;
  };
}

/** Topic filter matching, from the text and prepared. */
export const topicMatching: readonly MicroCase[] = [
  { name: 'topic: matchesFilter', run: countMatches((topic) => matchesFilter(filter, topic)) },
  { name: 'topic: compileFilter, prepared', run: countMatches(compileFilter(filter)) },
];
