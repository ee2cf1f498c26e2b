import type { HealthEvent } from '../../shared/api/health.ts';
import type { HealthAlert } from '../../shared/health/state.ts';
import type { HealthDeps } from './health-deps.ts';
import type { AlertsInput } from './site-health.ts';

/**
 * The activity that sends alerts. A failure is written to the time line, once for each alert, and thrown, so that the
 * orchestration tries again; alerts keep their identifiers, so that who gets one twice can tell.
 */
export function createPublishAlerts(deps: () => Promise<HealthDeps>): (input: AlertsInput) => Promise<null> {
  return async ({ site, alerts }) => {
    const { publishAlerts, stores, log } = await deps();
    try {
      await publishAlerts?.(site, alerts);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log?.('alerts_failed', { site, alerts: alerts.length, error: message });
      if (await stores.bridges.isRegistered(site)) await stores.health.addEvents(site, alerts.map(failedEvent));
      throw error;
    }
    return null;
  };
}

function failedEvent({ id, at, connector, type }: HealthAlert): HealthEvent {
  const message = `The alert ${type} could not be delivered at once; it is tried again for two hours.`;
  const fix =
    'Check MQTTBRIDGE_ALERT_TOPIC_ENDPOINT, and that the identity of the app has the role EventGrid Data Sender there.';
  return {
    id: `${id}-failed`,
    at,
    type: 'AlertFailed',
    connector,
    to: type,
    reasons: [{ reason: 'AlertFailed', message, fix }],
  };
}
