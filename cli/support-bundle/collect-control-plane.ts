import type { ControlPlaneClient } from '../control-plane-client/client.ts';
import { yamlDocument } from '../views/yaml-documents.ts';
import { type Archive, attempt } from './archive.ts';
import type { Cleaner } from './clean.ts';

const MAX_EVENTS = 2_000;
const MAX_CONNECTORS = 200;

/** Definitions, health and events of one site; each part for itself, since a key may permit some of them only. */
export async function collectControlPlane(
  archive: Archive,
  client: ControlPlaneClient,
  { cleaner, since }: { readonly cleaner: Cleaner; readonly since: Date },
): Promise<void> {
  const name = `control plane, site ${client.site}`;
  const names: string[] = [];
  for (const collection of ['connectors', 'topicmaps'] as const) {
    await attempt(archive, `${name}, ${collection}`, async () => {
      const items = await client.list(collection);
      const documents = items.map(({ resource }) => cleaner.resource(resource));
      if (collection === 'connectors') names.push(...items.map((item) => item.name));
      const texts = await Promise.all(documents.map(yamlDocument));
      archive.add(`control-plane/${collection}.yaml`, texts.join('---\n'), name);
    });
  }
  await attempt(archive, `${name}, health`, async () => {
    archive.addJson('control-plane/health.json', cleaner.data(await client.siteHealth()), name);
  });
  await attempt(archive, `${name}, health of connectors`, async () => {
    const health = [];
    for (const connector of names.slice(0, MAX_CONNECTORS)) health.push(await client.connectorHealth(connector));
    archive.addJson('control-plane/connectors-health.json', cleaner.data(health), name);
  });
  await attempt(archive, `${name}, events`, async () => {
    const events = await client.events({ since: since.toISOString(), limit: MAX_EVENTS });
    archive.addJson('control-plane/events.json', cleaner.data(events), name);
  });
}
