import { type DurableClient, OrchestrationRuntimeStatus as Status } from 'durable-functions';
import type { HealthTrigger } from '../http/contract.ts';
import { healthInstance, HINT, SITE_HEALTH } from './names.ts';

/** The part of the durable client that is used. */
export type HealthClient = Pick<DurableClient, 'getStatus' | 'raiseEvent' | 'startNew'>;

/** An instance in one of these states watches its site, or will when somebody resumes it. */
const ALIVE: readonly Status[] = [Status.Running, Status.Pending, Status.ContinuedAsNew, Status.Suspended];

/** Starts and wakes the health orchestrations by the durable client of an invocation. */
export function createHealthTrigger(client: HealthClient): HealthTrigger {
  return {
    ensure: (site) => ensureHealth(client, site),
    hint: (site) => client.raiseEvent(healthInstance(site), HINT, {}),
  };
}

/** Starts the orchestration of a site unless it is there; of many that try at once one does. */
async function ensureHealth(client: HealthClient, site: string): Promise<void> {
  if (await isAlive(client, site)) return;
  try {
    await client.startNew(SITE_HEALTH, { instanceId: healthInstance(site), input: { site } });
  } catch (error) {
    // Most likely somebody else was faster: the host refuses to start an instance that runs (409).
    if (!(await isAlive(client, site))) throw error;
  }
}

async function isAlive(client: HealthClient, site: string): Promise<boolean> {
  // The client throws for an instance that does not exist.
  const status = await client.getStatus(healthInstance(site)).catch(() => undefined);
  return status !== undefined && ALIVE.includes(status.runtimeStatus);
}
