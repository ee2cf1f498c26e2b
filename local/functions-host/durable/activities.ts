import { messageOf } from './actions.ts';
import type { Hub } from './hub.ts';
import type { Activity, InstanceMessage } from './model.ts';
import { textOf } from './typed-data.ts';

/** Runs an activity and records its result once; it runs again after a crash that came in between. */
export async function runActivity(hub: Hub, seq: number): Promise<void> {
  const { store } = hub;
  const activity = store.activities.read(seq);
  if (activity === undefined) return;
  const message = await perform(hub, activity);
  hub.change((outbox) => {
    // Not there any more: its orchestration ended meanwhile.
    if (store.activities.remove(seq)) outbox.send(activity.instance, message);
  });
}

async function perform(hub: Hub, { name, input, execution, task }: Activity): Promise<InstanceMessage> {
  const answer = { by: 'activity', execution, task } as const;
  try {
    const result = textOf(await hub.runner.run(hub.functions.find('activity', name) ?? name, { string: input }));
    return { kind: 'completed', ...answer, result };
  } catch (error) {
    hub.logger.debug({ evt: 'ActivityFailed', name, reason: messageOf(error) });
    return { kind: 'failed', ...answer, ...failureOf(name, error) };
  }
}

interface FailureDetails {
  readonly ErrorMessage: string;
  readonly [field: string]: unknown;
}

interface Failure {
  readonly reason: string;
  readonly details: string;
  readonly failureDetails?: unknown;
}

function failureOf(name: string, error: unknown): Failure {
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const described = detailsIn(messageOf(error));
  return {
    reason: `Activity function '${name}' failed: ${described?.ErrorMessage ?? messageOf(error)}`,
    details,
    ...(described === undefined ? {} : { failureDetails: described }),
  };
}

// Where an app has an ExceptionPropertiesProvider, the SDK throws JSON as the message; it reads it back with other names.
function detailsIn(message: string): FailureDetails | undefined {
  if (!message.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(message) as Readonly<Record<string, unknown>>;
    const { errorType, errorMessage, stackTrace, isNonRetriable, properties } = value;
    if (typeof errorType !== 'string' || typeof errorMessage !== 'string') return undefined;
    const more = { StackTrace: stackTrace, IsNonRetriable: isNonRetriable, Properties: properties };
    return { ErrorMessage: errorMessage, ErrorType: errorType, ...more };
  } catch {
    return undefined;
  }
}
