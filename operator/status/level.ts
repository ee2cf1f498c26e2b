import type { ConnectorStatus } from '../../shared/resources/status.ts';
import { type Finding, MAX_MESSAGE, sentence } from './finding.ts';
import { shortened } from './listing.ts';
import { isIdle, isPassing, isStuck } from './reasons.ts';

type Level = NonNullable<ConnectorStatus['configStatusLevel']>;

/** What the tools of the original product show. */
interface ConfigStatus {
  readonly configStatusLevel: Level;
  readonly configStatusDescription: string;
}

/** When which level is shown, for the documentation; the first that fits. */
export const LEVELS: Readonly<Record<Level, string>> = {
  Failed: 'The configuration is refused, and none runs.',
  Error:
    'The configuration is refused and a former one runs on; or it cannot run before somebody acts: a Secret, ConfigMap or connector is missing, or credentials are not valid.',
  warn: 'Ready, with warnings of the validation, which the description names.',
  OK: 'All pods are ready; the rest is known to a control plane only.',
  Running: 'Ready, without warnings.',
  'N/A': 'There is nothing to run: no instances, no routes, or a topic map where a control plane defines the routes.',
  Recovering: 'It was ready with this configuration, and something is wrong now.',
  Starting: 'Anything else: a configuration is on its way to the instances, or has not been ready yet.',
};

/** What a level follows from. */
export interface LevelInput {
  readonly accepted: Finding;
  /** Where there are any. */
  readonly credentials: Finding | undefined;
  readonly ready: Finding;
  /** Whether something runs, be it of an older configuration. */
  readonly isRunning: boolean;
  /** Empty where there are none. */
  readonly warnings: string;
  readonly former: Level | undefined;
}

/** One level for what conditions say; the description is that of the condition which decides. */
export function configStatus(input: LevelInput): ConfigStatus {
  const { accepted, ready, warnings, isRunning } = input;
  const configStatusLevel = levelOf(input);
  if (accepted.status === 'False') {
    const goesOn = isRunning ? 'What ran before goes on.' : 'Nothing runs.';
    return { configStatusLevel, configStatusDescription: withMore(accepted.message, goesOn) };
  }
  const also = warnings === '' ? '' : `Warnings: ${warnings}.`;
  return { configStatusLevel, configStatusDescription: withMore(ready.message, also) };
}

/** The end is what the condition does not say. */
function withMore(text: string, more: string): string {
  if (more === '') return text;
  return `${sentence(shortened(text, MAX_MESSAGE - Math.min(more.length, 400) - 2))} ${shortened(more, 400)}`;
}

function levelOf({ accepted, credentials, ready, isRunning, warnings, former }: LevelInput): Level {
  if (accepted.status === 'False') return isRunning ? 'Error' : 'Failed';
  if (ready.status === 'True') {
    if (warnings !== '') return 'warn';
    return ready.reason === 'PodsReady' ? 'OK' : 'Running';
  }
  if (credentials?.status === 'False' || isStuck(ready.reason)) return 'Error';
  if (isIdle(ready.reason)) return 'N/A';
  return wasReady(former) && !isPassing(ready.reason) ? 'Recovering' : 'Starting';
}

function wasReady(level: Level | undefined): boolean {
  return level === 'Running' || level === 'OK' || level === 'warn' || level === 'Recovering';
}

/** Whether a former configuration was taken, as far as its level tells. */
export function wasTaken(level: Level | undefined): boolean {
  return wasReady(level) || level === 'Error';
}
