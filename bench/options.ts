import path from 'node:path';
import { parseArgs } from 'node:util';
import type { ContenderName } from './contenders/contender.ts';
import { type Scenario, scenarios } from './scenarios.ts';

/** What the command line asks for. */
export interface Options {
  readonly json: boolean;
  readonly quick: boolean;
  readonly rounds: number;
  /** The scenarios left after narrowing, each with the contenders left. */
  readonly scenarios: readonly Scenario[];
  /** Whether docs/benchmarks.md is written: only what was measured in full belongs there. */
  readonly document: boolean;
  /** Folder for CPU profiles of our bridge, one per measurement. */
  readonly profile?: string;
}

/** The usage line. */
export const usage =
  'node bench/main.ts [--json] [--quick] [--only CONTENDERS] [--scenario NAMES] [--rounds N] [--document] [--profile DIR]';

const quickFactor = 0.5;
/** What `--quick` keeps: enough for every target of the table except those that need many lanes. */
const quickNames = [
  'qos1-128-v4',
  'qos0-128-v4',
  'alone-qos1-128-v4',
  'alone-qos0-128-v4',
  'latency-qos1',
  'lanes-1',
  'lanes-100',
];

/** Parses arguments; names may be comma-separated and hold `*`. Throws Error on a name that matches nothing. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      document: { type: 'boolean', default: false },
      only: { type: 'string' },
      scenario: { type: 'string' },
      rounds: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: not a whole number from 1`);
  const quickened = values.quick ? shorten(scenarios, values.scenario === undefined) : scenarios;
  const narrowed = narrow(quickened, values.scenario, values.only);
  const whole = !values.quick && values.only === undefined && values.scenario === undefined && rounds >= 3;
  const { json, quick, profile } = values;
  return {
    json,
    quick,
    rounds,
    scenarios: narrowed,
    document: values.document || whole,
    ...(profile === undefined ? {} : { profile }),
  };
}

function shorten(all: readonly Scenario[], pick: boolean): Scenario[] {
  return all
    .filter(({ name }) => !pick || quickNames.includes(name))
    .map((scenario) => ({
      ...scenario,
      warmMs: scenario.warmMs * quickFactor,
      measureMs: scenario.measureMs * quickFactor,
    }));
}

function narrow(all: readonly Scenario[], scenario = '*', only = '*'): Scenario[] {
  const kept = all
    .filter(({ name }) => matches(scenario, name))
    .map((kept) => ({ ...kept, contenders: kept.contenders.filter((name: ContenderName) => matches(only, name)) }))
    .filter(({ contenders }) => contenders.length > 0);
  if (kept.length === 0) throw new Error(`nothing matches --scenario ${scenario} --only ${only}`);
  return kept;
}

function matches(patterns: string, name: string): boolean {
  return patterns.split(',').some((pattern) => path.matchesGlob(name, pattern));
}
