import type { DurableEngine, ManagementAddress } from '../ports.ts';
import type { SystemEndpoint } from './front.ts';

const PATH = '/runtime/webhooks/durabletask';

/** Where the durable management API of a host is. */
export function managementAddress(origin: string, systemKey: string): ManagementAddress {
  return { baseUrl: `${origin}${PATH}`, systemKey };
}

/** Hands requests to the durable management API to the engine. */
export function managementEndpoint(engine: DurableEngine, address: () => ManagementAddress): SystemEndpoint {
  return {
    path: PATH,
    door: 'durabletask_extension',
    async answer({ message, target, body }) {
      const query = new URLSearchParams(target.url.searchParams);
      query.delete('code');
      const headers = { get: (name: string) => message.headersDistinct[name.toLowerCase()]?.join(', ') ?? null };
      const path = target.path.slice(PATH.length);
      const request = { method: message.method ?? '', path, query, headers, body: body.toString('utf8') };
      return engine.manage(request, address());
    },
  };
}
