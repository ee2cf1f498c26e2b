import * as fc from 'fast-check';

/** Matching written down as MQTT 4.7 reads, for comparison: recursive over lists of levels. */
export function oracleMatches(filter: string, topic: string): boolean {
  if (topic === '' || (topic.startsWith('$') && /^[+#]/.test(filter))) return false;
  return levelsMatch(filter.split('/'), topic.split('/'));
}

function levelsMatch([want, ...wants]: string[], [have, ...haves]: string[]): boolean {
  if (want === undefined) return have === undefined;
  if (want === '#') return true;
  if (have === undefined) return false;
  return (want === '+' || want === have) && levelsMatch(wants, haves);
}

/** Every topic of these levels up to a depth. */
export function allTopics(levels: readonly string[], depth: number): string[] {
  let row = [...levels];
  const topics = [...row];
  for (let at = 1; at < depth; at++) {
    row = row.flatMap((topic) => levels.map((level) => `${topic}/${level}`));
    topics.push(...row);
  }
  return topics.filter((topic) => topic !== '');
}

/** Valid filters of up to three levels and perhaps a `#` behind them. */
export const arbitraryFilter = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '', '$s', '+'), { maxLength: 3 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'))
  .filter((filter) => filter !== '');
