import type { TokenCredential } from '@azure/core-auth';
import type { EventGridPublisherClientOptions } from '@azure/eventgrid';
import type { HealthAlert } from '../../shared/health/state.ts';
import type { PublishAlerts } from './health-deps.ts';

/** Where alerts go, and as whom. */
export interface AlertTopic {
  /** Endpoint of the custom topic. */
  readonly endpoint: string;
  /** Client ID of a user-assigned identity; absent: the app's own. */
  readonly clientId?: string | undefined;
  /** Instead of the app's identity. */
  readonly credential?: TokenCredential;
  readonly client?: EventGridPublisherClientOptions;
}

/** Sends alerts as CloudEvents to an Event Grid custom topic. The SDK is loaded with the first alert. */
export function createAlertPublisher(topic: AlertTopic): PublishAlerts {
  let client: ReturnType<typeof connect> | undefined;
  return async (site, alerts, abortSignal) => {
    client ??= connect(topic);
    const events = alerts.map((alert) => cloudEventOf(site, alert));
    await (await client).send(events, { abortSignal });
  };
}

async function connect({ endpoint, clientId, credential, client }: AlertTopic) {
  const { AzureKeyCredential, EventGridPublisherClient } = await import('@azure/eventgrid');
  // The orchestration repeats, with longer pauses than the SDK would make.
  const options = { ...client, retryOptions: { maxRetries: 0 } };
  if (endpoint.startsWith('http:')) {
    // Settings allow it on this machine only, where there is no identity and nothing that checks it.
    const local = { ...options, allowInsecureConnection: true };
    return new EventGridPublisherClient(endpoint, 'CloudEvent', new AzureKeyCredential('local'), local);
  }
  return new EventGridPublisherClient(endpoint, 'CloudEvent', credential ?? (await identity(clientId)), options);
}

async function identity(clientId: string | undefined): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  return clientId === undefined
    ? new DefaultAzureCredential()
    : new DefaultAzureCredential({ managedIdentityClientId: clientId });
}

function cloudEventOf(site: string, { id, type, at, connector, verdict, from, revision, reasons }: HealthAlert) {
  return {
    // The epoch in the identifier makes it unique in time; sites may begin in the same millisecond.
    id: `${site}-${id}`,
    type,
    source: `/mqttbridge/sites/${site}`,
    subject: `connectors/${connector}`,
    time: new Date(at),
    data: { site, connector, verdict, from, revision, reasons },
  };
}
