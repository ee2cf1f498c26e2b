import { format, renderMarkdown, type Table } from '../report/table.ts';
import { type DailyCost, dailyCost, type Fleet, sumOf } from './cost.ts';

/** The fleets of the table, all at one report per 30 s. */
const FLEETS: readonly Fleet[] = [
  { agents: 1, sites: 1, intervalSeconds: 30, processes: 1 },
  { agents: 100, sites: 1, intervalSeconds: 30, processes: 1 },
  { agents: 100, sites: 10, intervalSeconds: 30, processes: 1 },
  { agents: 10_000, sites: 100, intervalSeconds: 30, processes: 2 },
];

/** What fleets cost per day while nothing changes, and what of it is per agent and per site. */
export function costTable(): Table {
  const costs = FLEETS.map((fleet) => ({ fleet, cost: dailyCost(fleet) }));
  const row = (name: string, figure: (cost: DailyCost, fleet: Fleet) => number): string[] => [
    name,
    ...costs.map(({ fleet, cost }) => format(figure(cost, fleet), 0)),
  ];
  return {
    title: 'Cost model of the control plane: per day, one report per 30 s, nothing changes',
    rows: [
      ['what', ...FLEETS.map(({ agents, sites }) => `${count(agents, 'agent')}, ${count(sites, 'site')}`)],
      row('executions: reports', ({ executions }) => executions.reports),
      row('executions: health, turns and activities', ({ executions }) => executions.health),
      row('executions: timer', ({ executions }) => executions.healing),
      row('executions per agent', ({ executions }, { agents }) => sumOf(executions) / agents),
      row('executions for health per site', ({ executions }, { sites }) => executions.health / sites),
      row('table operations: reports', ({ store }) => store.reports),
      row('table operations: grants', ({ store }) => store.grants),
      row('table operations: health', ({ store }) => store.health),
      row('table operations: timer', ({ store }) => store.healing),
      row('table operations per agent', ({ store }, { agents }) => sumOf(store) / agents),
      row('durable transactions (assumed): health', ({ durable }) => durable.health + durable.healing),
      row('durable transactions (assumed): idle', ({ durable }) => durable.idle),
      row(
        'storage transactions per agent, durable included',
        ({ store, durable }, { agents }) => (sumOf(store) + sumOf(durable)) / agents,
      ),
    ],
  };
}

function count(number: number, what: string): string {
  return `${format(number, 0)} ${what}${number === 1 ? '' : 's'}`;
}

/** The table as a section of docs/benchmarks.md. */
export function costSection(table: Table): string {
  return `${renderMarkdown(table)}

Computed by \`bench/control-plane/cost.ts\`, which explains what is assumed: the transactions of the durable backend. Executions and table
operations are counted by a test in virtual time, over the real orchestration and store. An agent costs
its reports; health costs by site, at most four judgements per interval however many agents there are, and a little by change.`;
}
