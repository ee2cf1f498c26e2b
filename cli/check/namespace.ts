import { z } from 'zod';
import type { ConnectionSpec } from '../../agent/session/credentials/spec.ts';
import type { ArmGet } from './arm-client.ts';
import type { CheckContext } from './context.ts';

const namespaceSchema = z.object({
  id: z.string(),
  name: z.string(),
  properties: z.object({
    topicSpacesConfiguration: z
      .object({
        state: z.string().optional(),
        hostname: z.string().optional(),
        maximumClientSessionsPerAuthenticationName: z.int().optional(),
        maximumSessionExpiryInHours: z.int().optional(),
        clientAuthentication: z
          .object({ alternativeAuthenticationNameSources: z.array(z.string()).nullish() })
          .nullish(),
      })
      .nullish(),
  }),
});
const pageSchema = z.object({ value: z.array(z.unknown()), nextLink: z.string().nullish() });

/** What Event Grid says of a namespace as far as MQTT is concerned. */
export type Namespace = Readonly<z.infer<typeof namespaceSchema>>;

/** The namespace, or why it is not known. */
export type NamespaceReading =
  | { readonly kind: 'read'; readonly namespace: Namespace }
  | { readonly kind: 'unasked' }
  | { readonly kind: 'failed'; readonly message: string; readonly advice: string };

const ID = /^\/subscriptions\/([^/]+)\/resourceGroups\/[^/]+\/providers\/Microsoft\.EventGrid\/namespaces\/[^/]+$/i;
const MOST_PAGES = 20;

/** The subscription of a namespace's resource ID; undefined when it is none. */
export function subscriptionOf(id: string): string | undefined {
  return ID.exec(id)?.[1];
}

/** Reads the namespace of the remote endpoint, where its user said by which ID or in which subscription it is. */
export async function readNamespace(
  { host }: Pick<ConnectionSpec, 'host'>,
  context: CheckContext,
): Promise<NamespaceReading> {
  const { namespaceId, subscription = namespaceId && subscriptionOf(namespaceId) } = context.wishes;
  if (context.openArm === undefined || !subscription) return { kind: 'unasked' };
  try {
    const get = context.openArm(subscription, context);
    return namespaceId === undefined ? await search(get, subscription, host) : await readOne(get, namespaceId);
  } catch {
    // The library's words may repeat whatever an endpoint answered.
    return {
      kind: 'failed',
      message: 'Azure Resource Manager could not be asked: there are no Azure credentials here, or it does not answer',
      advice: 'log on with az login, or run the check where the managed identity is',
    };
  }
}

async function readOne(get: ArmGet, id: string): Promise<NamespaceReading> {
  const { status, body } = await get(id);
  const read = namespaceSchema.safeParse(body);
  return status === 200 && read.success ? { kind: 'read', namespace: read.data } : refused(status, id);
}

async function search(get: ArmGet, subscription: string, host: string): Promise<NamespaceReading> {
  const scope = `/subscriptions/${subscription}`;
  let next: string | null | undefined = `${scope}/providers/Microsoft.EventGrid/namespaces`;
  for (let page = 0; next && page < MOST_PAGES; page++) {
    const { status, body } = await get(next);
    const read = pageSchema.safeParse(body);
    if (status !== 200 || !read.success) return refused(status, scope);
    const found = read.data.value.map((one) => namespaceSchema.safeParse(one).data).find((one) => isHome(one, host));
    if (found) return { kind: 'read', namespace: found };
    next = read.data.nextLink;
  }
  return {
    kind: 'failed',
    message: `Subscription ${subscription} shows no Event Grid namespace with the MQTT host ${host}`,
    advice: 'give --namespace-id with the resource ID of the namespace',
  };
}

function isHome(namespace: Namespace | undefined, host: string): boolean {
  return namespace?.properties.topicSpacesConfiguration?.hostname?.toLowerCase() === host.toLowerCase();
}

function refused(status: number, scope: string): NamespaceReading {
  const why = status === 404 ? 'there is no such namespace' : 'this identity may not read it';
  return {
    kind: 'failed',
    message: `Azure Resource Manager answered ${status} about ${scope}: ${why}`,
    advice:
      status === 404
        ? 'az eventgrid namespace list --query "[].id" shows those that there are'
        : `az role assignment create --role Reader --assignee PRINCIPAL --scope ${scope}`,
  };
}
