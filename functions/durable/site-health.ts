import { type OrchestrationContext, RetryOptions, type Task } from 'durable-functions';
import type { JudgeInput, SiteJudgement } from './judge-site.ts';
import { HINT, JUDGE_SITE, PUBLISH_ALERTS } from './names.ts';
import type { Delivery } from './publish-alerts.ts';

/** Watches one site for ever: judges, rests, sleeps until something can have changed, and begins anew with a small input. */
export function* siteHealth(context: OrchestrationContext): Generator<Task, void, unknown> {
  const input = context.df.getInput<JudgeInput>();
  const judged = (yield context.df.callActivityWithRetry(JUDGE_SITE, retry(), input)) as SiteJudgement;
  if (judged.gone) return;
  const { site, delivery, alerts, restMs, sleepMs } = judged;
  const now = context.df.currentUtcDateTime.getTime();
  const rest = context.df.createTimer(new Date(now + restMs));
  // Sent while it rests, and given up with the rest: a topic that is down keeps no judgement waiting.
  const sent = alerts.map((batch) =>
    context.df.callActivity(PUBLISH_ALERTS, { site, delivery, batch, withinMs: restMs }),
  );
  const [, delivered = delivery] = (yield context.df.Task.all([rest, ...sent])) as [unknown, Delivery?];
  if (sleepMs > restMs) {
    const sleep = context.df.createTimer(new Date(now + sleepMs));
    yield context.df.Task.any([sleep, context.df.waitForExternalEvent(HINT)]);
    if (!sleep.isCompleted) sleep.cancel();
  }
  context.df.continueAsNew({ site, delivery: delivered });
}

/** About eight minutes; then the orchestration fails, and the timer that heals starts it anew. */
function retry(): RetryOptions {
  const options = new RetryOptions(5_000, 10);
  options.backoffCoefficient = 2;
  options.maxRetryIntervalInMilliseconds = 60_000;
  return options;
}
