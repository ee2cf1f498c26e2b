import type { EventList } from '../../shared/api/health.ts';
import { type HealthState, readHealthState } from '../../shared/health/state.ts';
import { connectorHealth, siteHealth } from '../../shared/health/views.ts';
import type { Stores } from '../store/store.ts';
import type { ApiResponse, Handler } from './contract.ts';
import { problemResponse } from './problems.ts';

/** Entries of the time line that come with a connector; `events` has the others. */
const TIMELINE = 100;

/** Health of a site as it was last judged. */
export const getSiteHealth: Handler = async ({ params }, _caller, { stores, now }) => {
  const site = params['site'] ?? '';
  const known = await readKnown(site, stores);
  return known === undefined ? notFound('site') : answer(siteHealth(site, known.state, now()));
};

/** Health of a connector as it was last judged; counters are those of the last reports. */
export const getConnectorHealth: Handler = async ({ params }, _caller, { stores, now }) => {
  const site = params['site'] ?? '';
  const name = params['name'] ?? '';
  const known = await readKnown(site, stores);
  if (known === undefined) return notFound('connector');
  const { state } = known;
  const isJudged = state !== undefined && Object.hasOwn(state.connectors, name);
  if (!isJudged && !(await stores.bridges.readDesired(site, name))) return notFound('connector');
  const [reports, { items: timeline }] = await Promise.all([
    isJudged ? stores.reports.list(site) : [],
    stores.health.listEvents(site, { connector: name, limit: TIMELINE }),
  ]);
  return answer(connectorHealth({ site, name, state, reports, timeline, now: now() }));
};

/** Events of a site. */
export const listEvents: Handler = async ({ params, query }, _caller, { stores }) => {
  const site = params['site'] ?? '';
  if (!(await stores.bridges.isRegistered(site))) return notFound('site');
  const options = Object.fromEntries(
    ['connector', 'since', 'continue'].flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const page = await stores.health.listEvents(site, { limit: Number(query.get('limit') ?? 100), ...options });
  const json: EventList = {
    apiVersion: 'mqttbridge/v1',
    kind: 'EventList',
    items: [...page.items],
    ...(page.continue !== undefined && { continue: page.continue }),
  };
  return answer(json);
};

/** Undefined for a site that is none, also where a judgement that was under way when it was removed has left one behind. */
async function readKnown(
  site: string,
  { bridges, health }: Stores,
): Promise<{ readonly state: HealthState | undefined } | undefined> {
  const [isKnown, stored] = await Promise.all([bridges.isRegistered(site), health.read(site)]);
  return isKnown ? { state: readHealthState(stored?.state) } : undefined;
}

function answer(json: object): ApiResponse {
  return { status: 200, body: { json } };
}

function notFound(what: 'site' | 'connector'): ApiResponse {
  return problemResponse('not-found', { detail: `there is no such ${what}` });
}
