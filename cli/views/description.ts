import type { ConnectorHealth, HealthEvent } from '../../shared/api/health.ts';
import type { ListedResource, Resource } from '../control-plane-client/client.ts';
import { plainText } from '../control-plane-client/plain-text.ts';
import { textTable } from '../output.ts';
import { age } from './age.ts';
import { specOf, textOf } from './connectors-table.ts';
import { eventsTable } from './events-table.ts';
import { reasonLines } from './reasons.ts';
import { type Table, tableText } from './table.ts';

/** Everything about one connector. */
export interface Description {
  readonly site: string;
  readonly connector: Resource;
  readonly topicMaps: readonly ListedResource[];
  readonly health: ConnectorHealth;
  /** The newest, in order of time. */
  readonly events: readonly HealthEvent[];
}

/** A connector in sections: what it is, how it is and why, what happened, what to do next. */
export function descriptionText(description: Description, now: Date): string {
  const { health, events } = description;
  const sections: readonly [string, string][] = [
    ['Reasons', reasonLines(health.reasons)],
    ['Instances', tableText(instancesTable(health, now))],
    ['Routes', tableText(routesTable(health))],
    ['Events', tableText(eventsTable(events))],
    ['Next', nextCommands(description)],
  ];
  const texts = sections.filter(([, text]) => text !== '').map(([title, text]) => `${title}:\n${indented(text)}`);
  return [facts(description, now), ...texts].join('\n');
}

function facts({ site, connector, topicMaps, health }: Description, now: Date): string {
  const spec = specOf(connector);
  const endpoint = (side: string) => textOf((spec[side] as Resource | undefined)?.['endpoint']);
  const healthy = health.instances.filter(({ verdict }) => verdict === 'Healthy').length;
  const rows = [
    ['Name:', health.connector],
    ['Site:', site],
    ['Verdict:', `${health.verdict} for ${age(health.since, now)}`],
    ['Revision:', health.desiredRevision ?? '-'],
    ['Local:', endpoint('localBrokerConnection')],
    ['Remote:', endpoint('remoteBrokerConnection')],
    ['Protocol:', textOf(spec['protocol'], 'v5')],
    ['Instances:', `${healthy} of ${health.instances.length || instancesIn(spec)} healthy`],
    ['Topic maps:', topicMaps.map(({ name }) => name).join(', ') || '-'],
  ];
  return textTable(rows.map((row) => row.map(plainText)));
}

function instancesIn({ bridgeInstances }: Resource): number {
  return typeof bridgeInstances === 'number' ? bridgeInstances : 1;
}

function instancesTable({ instances }: ConnectorHealth, now: Date): Table {
  const rows = instances.map(({ instance, verdict, since, reportedAt, version, revision }) => {
    return [instance, verdict, age(since, now), age(reportedAt, now), version ?? '-', revision ?? '-'];
  });
  return { header: ['INSTANCE', 'VERDICT', 'FOR', 'REPORTED', 'VERSION', 'REVISION'], rows };
}

function routesTable({ routes }: ConnectorHealth): Table {
  const rows = routes.map(({ topicMap, route, direction, verdict, received, forwarded, dropped }) => {
    const counts = [received, forwarded, dropped].map(String);
    return [`${topicMap}/${route}`, direction, verdict, ...counts];
  });
  return { header: ['ROUTE', 'DIRECTION', 'VERDICT', 'RECEIVED', 'FORWARDED', 'DROPPED'], rows };
}

function nextCommands({ site, health: { connector } }: Description): string {
  return [
    `mqttbridge health ${connector} --site ${site} --watch`,
    `mqttbridge events --connector ${connector} --site ${site} --since 1h`,
    `mqttbridge get connector ${connector} --site ${site} -o yaml`,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
