import { deadLetterTopicOf, type Route } from '../resources/topic-map.ts';
import { filterCovers, filtersIntersect } from '../topic/filter.ts';
import { parseTarget } from '../topic/mapping.ts';
import type { Finding } from './finding.ts';

/** Rules about one route that a schema cannot say; paths begin at the route. */
export function routeFindings(route: Route, connector: string): Finding[] {
  return [
    ...templateFindings(route),
    ...excludeFindings(route),
    ...dollarFindings(route),
    ...deadLetterFindings(route, connector),
    ...shareFindings(route),
  ];
}

function templateFindings({ source, target }: Route): Finding[] {
  const parsed = target === undefined ? undefined : parseTarget(target);
  const levels = source.split('/');
  if (parsed?.ok !== true || levels.at(-1) === '#') return [];
  return parsed.parts.flatMap((part) => {
    if (part.kind !== 'level' || part.level <= levels.length) return [];
    const message = `\${inputTopic.${part.level}} never resolves: the source "${source}" has ${levels.length} level${levels.length === 1 ? '' : 's'}`;
    return [{ rule: 'TM009', path: ['target'], message }];
  });
}

function excludeFindings({ source, excludes }: Route): Finding[] {
  return excludes.flatMap((exclude, index): Finding[] => {
    const path = ['excludes', index];
    if (filterCovers(exclude, source))
      return [{ rule: 'TM019', path, message: `"${exclude}" excludes all of "${source}"` }];
    if (filtersIntersect(exclude, source)) return [];
    return [{ rule: 'TM013', path, message: `"${exclude}" matches nothing of "${source}"` }];
  });
}

function dollarFindings({ source, target }: Route): Finding[] {
  const findings: Finding[] = [];
  if (source === '#' || source === '+/#') {
    findings.push({
      rule: 'TM014',
      path: ['source'],
      message: `"${source}" does not match topics that begin with $, such as $SYS`,
    });
  } else if (source.startsWith('$')) {
    findings.push({
      rule: 'TM014',
      path: ['source'],
      message: `"${source}" reads topics that the broker itself writes`,
    });
  }
  const published = target ?? source;
  if (published.startsWith('$') && !published.startsWith('${')) {
    findings.push({
      rule: 'TM018',
      path: [target === undefined ? 'source' : 'target'],
      message: `messages would go to "${published}"`,
    });
  }
  return findings;
}

function deadLetterFindings(route: Route, connector: string): Finding[] {
  if (route.onReject !== 'deadLetter') {
    if (route.deadLetterTopic === undefined) return [];
    return [{ rule: 'TM016', path: ['deadLetterTopic'], message: `the route's onReject is ${route.onReject}` }];
  }
  const topic = deadLetterTopicOf(connector, route);
  // The agent appends the original topic, which is one that the source matches.
  const letters = `${topic}/${route.source}`;
  if (!filtersIntersect(route.source, letters)) return [];
  if (route.excludes.some((exclude) => filterCovers(exclude, letters))) return [];
  const path = [route.deadLetterTopic === undefined ? 'onReject' : 'deadLetterTopic'];
  return [
    { rule: 'TM020', path, message: `the source "${route.source}" would read the dead letters at "${letters}" again` },
  ];
}

function shareFindings({ sharedSubscription }: Route): Finding[] {
  if (sharedSubscription?.groupMinimumShareNumber !== 0) return [];
  const path = ['sharedSubscription', 'groupMinimumShareNumber'];
  return [{ rule: 'TM017', path, message: 'with 0 clients the route does not run' }];
}
