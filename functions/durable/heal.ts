import type { Log } from '../http/contract.ts';
import type { BridgeStore } from '../store/store.ts';
import { createHealthTrigger, type HealthClient } from './trigger.ts';

const PAGE = 200;
const AT_ONCE = 10;

/** Makes sure that every site is watched; one that cannot be started is logged, and tried again the next time. */
export async function healSites(
  bridges: Pick<BridgeStore, 'listSites'>,
  client: HealthClient,
  log: Log | undefined,
): Promise<void> {
  const trigger = createHealthTrigger(client);
  const attempt = (site: string) =>
    trigger.ensure(site).catch((error: unknown) => log?.('HealthStartFailed', { site, error: String(error) }));
  for (let from: string | undefined, more = true; more; ) {
    const page = await bridges.listSites({ limit: PAGE, ...(from !== undefined && { continue: from }) });
    for (let next = 0; next < page.items.length; next += AT_ONCE) {
      await Promise.all(page.items.slice(next, next + AT_ONCE).map(attempt));
    }
    from = page.continue;
    more = from !== undefined;
  }
}
