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
  const state = await readState(site, stores);
  if (!state && !(await stores.bridges.isRegistered(site))) return notFound('site');
  return answer(siteHealth(site, state, now()));
};

/** Health of a connector as it was last judged; counters are those of the last reports. */
export const getConnectorHealth: Handler = async ({ params }, _caller, { stores, now }) => {
  const site = params['site'] ?? '';
  const name = params['name'] ?? '';
  const state = await readState(site, stores);
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

async function readState(site: string, { health }: Stores): Promise<HealthState | undefined> {
  return readHealthState((await health.read(site))?.state);
}

function answer(json: object): ApiResponse {
  return { status: 200, body: { json } };
}

function notFound(what: 'site' | 'connector'): ApiResponse {
  return problemResponse('not-found', { detail: `there is no such ${what}` });
}
