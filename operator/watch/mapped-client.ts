import type { KubernetesClient, WatchEvent } from '../../kubernetes/client.ts';
import type { StoredObject } from '../../kubernetes/object.ts';

/** A client for a reflector that is to keep another form of each object. */
export function mappedClient(
  client: KubernetesClient,
  map: (object: StoredObject) => StoredObject,
): Pick<KubernetesClient, 'list' | 'watch'> {
  return {
    async list(kind, selection, signal) {
      const { items, resourceVersion } = await client.list(kind, selection, signal);
      return { items: items.map(map), resourceVersion };
    },
    async *watch(kind, selection, signal): AsyncGenerator<WatchEvent> {
      for await (const event of client.watch(kind, selection, signal))
        yield 'object' in event ? { ...event, object: map(event.object) } : event;
    },
  };
}
