import { createAuthorizer } from '../auth/authorizer.ts';
import type { Deps, HealthTrigger, Log } from '../http/contract.ts';
import { createDispatcher } from '../http/dispatch.ts';
import { operations } from '../http/operations.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { openStores } from '../store/open.ts';
import { readSettings } from './read-settings.ts';

/** The parts of one process. */
export interface Assembly {
  readonly dispatch: ReturnType<typeof createDispatcher>;
  readonly deps: Deps;
}

/** What the parts are made of that only the process has. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly trigger: HealthTrigger;
}

/**
 * Puts the control plane together. Settings that make no sense are logged by name and count as absent altogether: an
 * app that was told half of it lets nobody in.
 */
export async function assemble({ environment, log, trigger }: Surroundings): Promise<Assembly> {
  const settings = readSettings(environment, log);
  const now = Date.now;
  const stores = await openStores(settings, { now });
  const { authorize, grants } = createAuthorizer(settings, { grants: stores.grants, now, log });
  const limit = createRateLimit({ perSecond: settings.MQTTBRIDGE_REQUESTS_PER_SECOND, now });
  const deps: Deps = { stores: { ...stores, grants }, settings, trigger, now, log };
  return { deps, dispatch: createDispatcher({ operations, deps, authorize, limit }) };
}
