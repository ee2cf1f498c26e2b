import type { Deps } from '../http/contract.ts';
import { createAlertPublisher } from './event-grid-alerts.ts';
import type { HealthDeps, PublishAlerts } from './health-deps.ts';

/** What activities are given, from what handlers are given; alerts go to the topic of the settings, if there is one. */
export function createHealthDeps(
  load: () => Promise<Pick<Deps, 'stores' | 'settings' | 'now' | 'log'>>,
): () => Promise<HealthDeps> {
  let publish: PublishAlerts | undefined;
  return async () => {
    const { stores, settings, now, log } = await load();
    const endpoint = settings.MQTTBRIDGE_ALERT_TOPIC_ENDPOINT;
    if (endpoint !== undefined) publish ??= createAlertPublisher({ endpoint, clientId: settings.AZURE_CLIENT_ID });
    return { stores, settings, now, log, publishAlerts: publish };
  };
}
