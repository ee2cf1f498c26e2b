import type { InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import type { HealthTrigger } from '../http/contract.ts';
import { createHealthTrigger } from './trigger.ts';

let latest: InvocationContext | undefined;

/** Keeps the way to the durable client that an invocation brought; all invocations of a process bring the same one. */
export function rememberClient(context: InvocationContext): void {
  latest = context;
}

/** Uses the client of the latest invocation; only to be called during one. */
export const latestTrigger: HealthTrigger = {
  ensure: (site) => current().ensure(site),
  hint: (site) => current().hint(site),
};

function current(): HealthTrigger {
  if (latest === undefined) throw new Error('no invocation has brought a durable client yet');
  return createHealthTrigger(df.getClient(latest));
}
