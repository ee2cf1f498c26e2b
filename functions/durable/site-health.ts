import { type OrchestrationContext, RetryOptions, type Task } from 'durable-functions';
import type { HealthAlert } from '../../shared/health/state.ts';
import type { JudgeInput, SiteJudgement } from './judge-site.ts';
import { alertsInstance, HINT, JUDGE_SITE, PUBLISH_ALERTS, RAISE_ALERTS } from './names.ts';

/** What is to be raised. */
export interface AlertsInput {
  readonly site: string;
  readonly alerts: readonly HealthAlert[];
}

/** Watches one site for ever: judges, rests, sleeps until something can have changed, and begins anew with a small input. */
export function* siteHealth(context: OrchestrationContext): Generator<Task, void, SiteJudgement> {
  const { site, alertsThrough } = context.df.getInput<JudgeInput>();
  const judged = yield context.df.callActivityWithRetry(JUDGE_SITE, judgeRetry(), { site, alertsThrough });
  if (judged.gone) return;
  const now = context.df.currentUtcDateTime.getTime();
  const rest = context.df.createTimer(new Date(now + judged.restMs));
  // Who raises alerts is started here and not waited for: an endpoint that is down must not keep health waiting.
  yield context.df.Task.any([rest, ...raiseAlerts(context, { site, alerts: judged.alerts })]);
  if (!rest.isCompleted) yield rest;
  if (judged.sleepMs > judged.restMs) {
    const sleep = context.df.createTimer(new Date(now + judged.sleepMs));
    yield context.df.Task.any([sleep, context.df.waitForExternalEvent(HINT)]);
    if (!sleep.isCompleted) sleep.cancel();
  }
  context.df.continueAsNew({ site, alertsThrough: judged.alertsThrough });
}

/** Raises alerts, for as long as it takes within reason; each failure is on the time line, and the last one ends it. */
export function* raiseAlertsOfSite(context: OrchestrationContext): Generator<Task, void, unknown> {
  const input = context.df.getInput<AlertsInput>();
  try {
    yield context.df.callActivityWithRetry(PUBLISH_ALERTS, alertRetry(), input);
  } catch {
    return;
  }
}

function raiseAlerts(context: OrchestrationContext, input: AlertsInput): Task[] {
  const [first] = input.alerts;
  if (first === undefined) return [];
  return [context.df.callSubOrchestrator(RAISE_ALERTS, input, alertsInstance(input.site, first.number))];
}

/** About eight minutes; then the orchestration fails, and the timer that heals starts it anew. */
function judgeRetry(): RetryOptions {
  return retry(5_000, 10, 60_000);
}

/** About two hours. */
function alertRetry(): RetryOptions {
  return retry(10_000, 18, 600_000);
}

function retry(firstMs: number, attempts: number, longestMs: number): RetryOptions {
  const options = new RetryOptions(firstMs, attempts);
  options.backoffCoefficient = 2;
  options.maxRetryIntervalInMilliseconds = longestMs;
  return options;
}
