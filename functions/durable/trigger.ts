import { type DurableClient, OrchestrationRuntimeStatus } from 'durable-functions';
import type { HealthTrigger } from '../http/contract.ts';

/** Name of the orchestrator, and of its instance for a site. */
const ORCHESTRATOR = 'siteHealth';
const instanceOf = (site: string): string => `health-${site}`;

/** Starts and wakes the health orchestrations by the durable client of an invocation. */
export function createHealthTrigger(client: DurableClient): HealthTrigger {
  return {
    async ensure(site) {
      const status = await client.getStatus(instanceOf(site)).catch(() => undefined);
      const { Running, Pending } = OrchestrationRuntimeStatus;
      if (status?.runtimeStatus === Running || status?.runtimeStatus === Pending) return;
      await client.startNew(ORCHESTRATOR, { instanceId: instanceOf(site), input: { site } });
    },
    hint: (site) => client.raiseEvent(instanceOf(site), 'hint', {}),
  };
}
