import type { SiteList } from '../../shared/api/resources.ts';
import type { Handler } from './contract.ts';
import { problemResponse } from './problems.ts';

/** Lists all sites. */
export const listSites: Handler = async ({ query }, _caller, { stores: { bridges } }) => {
  const after = query.get('continue');
  const limit = Number(query.get('limit') ?? 100);
  const page = await bridges.listSites({ limit, ...(after === null ? {} : { continue: after }) });
  const json: SiteList = {
    apiVersion: 'mqttbridge/v1',
    kind: 'SiteList',
    items: page.items.map((name) => ({ name })),
    ...(page.continue === undefined ? {} : { continue: page.continue }),
  };
  return { status: 200, body: { json } };
};

/** Forgets a site with all that is kept of it. What makes it known goes last, so that a call that failed can be repeated. */
export const deleteSite: Handler = async ({ params }, _caller, { stores, trigger }) => {
  const site = params.site ?? '';
  const known = (await stores.bridges.isRegistered(site)) || (await stores.bridges.readHead(site)) !== undefined;
  if (!known) return problemResponse('not-found', { detail: 'there is no such site' });
  await stores.reports.removeSite(site);
  await stores.health.removeSite(site);
  await stores.grants.removeSite(site);
  await stores.bridges.removeSite(site);
  await trigger.hint(site);
  return { status: 204 };
};
