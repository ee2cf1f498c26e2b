import type { ConnectorStatus } from '../../shared/resources/status.ts';
import type { ConnectorSituation } from './connector-status.ts';
import { cut, type Finding } from './finding.ts';
import { problemListing } from './listing.ts';

type Level = NonNullable<ConnectorStatus['configStatusLevel']>;

/** What the tools of the original product show. */
export interface ConfigStatus {
  readonly configStatusLevel: Level;
  readonly configStatusDescription: string;
}

const CAME_SO_FAR: readonly (Level | undefined)[] = ['Running', 'OK', 'warn', 'Recovering'];

/** The level of a connector and its description. */
export function levelOf(
  { judgement, former, workload }: ConnectorSituation,
  by: ReadonlyMap<string, Finding>,
): ConfigStatus {
  const warnings = [judgement.connector, ...judgement.topicMaps.values()].flatMap(({ problems }) =>
    problems.filter(({ severity }) => severity === 'warning'),
  );
  return configStatus({
    accepted: by.get('Accepted'),
    ready: by.get('Ready'),
    runs: (workload?.ready ?? 0) > 0,
    warnings: warnings.length === 0 ? '' : problemListing(warnings),
    former: former?.configStatusLevel,
  });
}

/** What a level follows from. */
export interface LevelInput {
  readonly accepted: Finding | undefined;
  readonly ready: Finding | undefined;
  /** Whether something runs, be it of an older configuration. */
  readonly runs: boolean;
  /** Empty where there are none. */
  readonly warnings: string;
  readonly former: Level | undefined;
}

const NOTHING_TO_RUN = ['NoInstances', 'NoRoutes'];
/** Somebody has to act before it can work. */
const STUCK = [
  'SecretMissing',
  'SecretKeyMissing',
  'ConfigMapMissing',
  'ConfigMapEmpty',
  'ConnectorNotFound',
  'ConnectorInvalid',
  'TopicMapInvalid',
];

/** One level for what conditions say; the description is that of the condition which decides. */
export function configStatus({ accepted, ready, runs, warnings, former }: LevelInput): ConfigStatus {
  const say = (level: Level, text: string): ConfigStatus => ({
    configStatusLevel: level,
    configStatusDescription: cut(text),
  });
  if (accepted?.status === 'False') return say(runs ? 'Error' : 'Failed', accepted.message);
  if (ready === undefined) return say('Starting', '');
  const also = warnings === '' ? '' : ` Warnings: ${warnings}`;
  if (ready.status === 'True') {
    if (warnings !== '') return say('warn', `${ready.message}${also}`);
    return say(ready.reason === 'PodsReady' ? 'OK' : 'Running', ready.message);
  }
  if (NOTHING_TO_RUN.includes(ready.reason)) return say('N/A', `${ready.message}${also}`);
  if (STUCK.includes(ready.reason)) return say('Error', `${ready.message}${also}`);
  return say(CAME_SO_FAR.includes(former) ? 'Recovering' : 'Starting', `${ready.message}${also}`);
}
