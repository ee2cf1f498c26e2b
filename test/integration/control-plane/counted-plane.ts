import { join } from 'node:path';
import * as df from 'durable-functions';
import { formatSiteKey, hashSecret, newSecret } from '../../../functions/auth/api-key.ts';
import { createAuthorizer } from '../../../functions/auth/authorizer.ts';
import { healSites } from '../../../functions/durable/heal.ts';
import type { HealthDeps } from '../../../functions/durable/health-deps.ts';
import { createJudgeSite } from '../../../functions/durable/judge-site.ts';
import { JUDGE_SITE, SITE_HEALTH } from '../../../functions/durable/names.ts';
import { siteHealth } from '../../../functions/durable/site-health.ts';
import { createHealthTrigger, type HealthClient } from '../../../functions/durable/trigger.ts';
import { createDispatcher } from '../../../functions/http/dispatch.ts';
import { operations } from '../../../functions/http/operations.ts';
import { createRateLimit } from '../../../functions/http/rate-limit.ts';
import { createOperationCounter, type OperationCounter } from '../../../functions/store/counting.ts';
import { openSqliteStores } from '../../../functions/store/sqlite/open-sqlite-stores.ts';
import type { Stores } from '../../../functions/store/store.ts';
import { settingsSchema } from '../../../functions/wiring/settings.ts';
import type { AgentReport, ReportAnswer } from '../../../shared/api/report.ts';
import type { FunctionRunner } from '../../../local/functions-host/ports.ts';
import { appRunner } from '../../support/durable-app.ts';
import { type EngineUnderTest, startEngine } from '../../support/durable-engine.ts';
import { reportOf } from '../../support/health/reports.ts';
import { connectorResource } from '../../support/resources.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

/** What was executed since the last reset. */
export interface Executions {
  reports: number;
  turns: number;
  judgements: number;
}

/** The whole control plane in one process and in virtual time, with all counted that costs. */
export interface CountedPlane {
  readonly clock: VirtualClock;
  readonly executions: Executions;
  readonly store: OperationCounter;
  /** Defines a connector of a site with so many instances, whose agents report evenly spread over the interval. */
  addSite(site: string, agents: number, everySeconds?: number): Promise<CountedAgent[]>;
  /** Lets time pass. */
  pass(seconds: number): Promise<void>;
  /** Runs what the timer runs. */
  heal(): Promise<void>;
  reset(): void;
}

/** An agent that reports by the virtual clock; what it says changes with its next report. */
export interface CountedAgent {
  says: Partial<AgentReport>;
}

const INTERVAL_SECONDS = 30;

let current: (() => HealthDeps) | undefined;

df.app.orchestration(SITE_HEALTH, siteHealth);
df.app.activity(JUDGE_SITE, {
  handler: createJudgeSite(async () => {
    if (current === undefined) throw new Error('nothing is counted');
    return current();
  }),
});

/** Makes one, at a moment (milliseconds since 1970); one at a time in a process. */
export async function createCountedPlane(scope: Scope, start: number): Promise<CountedPlane> {
  const clock = createVirtualClock(start);
  const executions: Executions = { reports: 0, turns: 0, judgements: 0 };
  const engine = startEngine({ clock, runner: countingRunner(executions) });
  scope.onTestFinished(() => engine.engine.stop());
  const { stores, store, client, adminKey, send } = await createApp(scope, clock, engine);
  const work = new Set<Promise<unknown>>();
  const addAgent = ({ place, key, firstMs, everyMs }: Placed): CountedAgent => {
    const agent: CountedAgent = { says: {} };
    const report = createReports(agent, async (body) => {
      executions.reports++;
      return (await send(key, `POST ${place}/report`, body)) as ReportAnswer;
    });
    const beat = () => {
      clock.callAt(clock.now() + everyMs, beat);
      const sent = report().finally(() => work.delete(sent));
      work.add(sent);
    };
    clock.callAt(clock.now() + firstMs, beat);
    return agent;
  };
  return {
    clock,
    executions,
    store,
    async addSite(site, agents, everySeconds = INTERVAL_SECONDS) {
      const key = await grantAgents(stores, site);
      await send(adminKey, `POST ${site}/apply`, [connectorResource('c', { bridgeInstances: agents })]);
      const everyMs = everySeconds * 1000;
      const places = Array.from({ length: agents }, (_, instance) => ({
        place: `${site}/agents/c/${instance}`,
        firstMs: Math.round((everyMs * instance) / agents),
      }));
      return places.map((place) => addAgent({ ...place, key, everyMs }));
    },
    pass: (seconds) =>
      clock.advance(seconds * 1000, async () => {
        await Promise.all(work);
        await engine.settled();
      }),
    heal: () => healSites(stores.bridges, client, undefined),
    reset() {
      store.reset();
      Object.assign(executions, { reports: 0, turns: 0, judgements: 0 });
    },
  };
}

interface Placed {
  readonly place: string;
  readonly key: string;
  readonly firstMs: number;
  readonly everyMs: number;
}

/** The app as it is put together for a process, over a store that counts. */
async function createApp(scope: Scope, clock: VirtualClock, engine: EngineUnderTest) {
  const now = () => clock.now();
  const store = createOperationCounter();
  const file = join(await createTempDir(scope, 'counted'), 'store.sqlite');
  const stores = openSqliteStores({ file, now, observe: store.observe });
  scope.onTestFinished(() => stores.close());
  const adminKey = newSecret();
  const settings = settingsSchema.parse({
    MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(adminKey),
    MQTTBRIDGE_REPORT_INTERVAL_SECONDS: INTERVAL_SECONDS,
  });
  current = () => ({ stores, settings, now });
  const client = clientOf(engine);
  const { authorize, grants } = createAuthorizer(settings, { grants: stores.grants, now, log: () => undefined });
  const dispatch = createDispatcher({
    operations,
    deps: { stores: { ...stores, grants }, settings, now, trigger: createHealthTrigger(client) },
    authorize,
    limit: createRateLimit({ perSecond: 100_000, now }),
  });
  async function send(key: string, target: string, body: unknown): Promise<unknown> {
    const [method = '', path = ''] = target.split(' ');
    const headers = new Headers({ authorization: `Bearer ${key}`, 'content-type': 'application/json' });
    const url = `http://control.test/api/sites/${path}`;
    const answer = await dispatch({ method, url, headers, body: new Blob([JSON.stringify(body)]).stream() });
    if (answer.status >= 300) throw new Error(`${target}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body ?? '');
  }
  return { stores, store, client, adminKey, send };
}

async function grantAgents({ grants }: Stores, site: string): Promise<string> {
  const secret = newSecret();
  const principal = { kind: 'key', sha256: hashSecret(secret) } as const;
  const createdAt = '2026-11-01T00:00:00.000Z';
  await grants.create(site, { id: 'agents', principal, role: 'Bridge.Agent', createdAt });
  return formatSiteKey({ site, id: 'agents', secret });
}

/** Reports of one run of an agent, one after the other, each with what the last answer said. */
function createReports(agent: CountedAgent, send: (report: AgentReport) => Promise<ReportAnswer>): () => Promise<void> {
  const run = crypto.randomUUID();
  let sequence = 0;
  let told: Pick<AgentReport, 'tag' | 'document'> = { document: {} };
  let said = '';
  return async () => {
    sequence++;
    const changed = JSON.stringify([agent.says, told.document]) !== said;
    said = JSON.stringify([agent.says, told.document]);
    const { tag, desired } = await send(reportOf({ run, sequence, changed, ...told, ...agent.says }));
    const document = desired.kind === 'document' ? { revision: desired.revision } : told.document;
    told = { tag, document };
  };
}

function countingRunner(executions: Executions): FunctionRunner {
  return {
    names: (trigger) => appRunner.names(trigger),
    run(name, input) {
      if (name === SITE_HEALTH) executions.turns++;
      if (name === JUDGE_SITE) executions.judgements++;
      return appRunner.run(name, input);
    },
  };
}

/** The part of the durable client that is used, straight to the engine. */
function clientOf(engine: EngineUnderTest): HealthClient {
  const client = {
    async getStatus(id: string) {
      const answer = await engine.call('GET', `/instances/${id}`);
      if (answer.status === 404) throw new Error('404');
      return answer.value;
    },
    startNew: (name: string, { instanceId = '', input }: df.StartNewOptions = {}) =>
      engine.begin(name, input, instanceId),
    async raiseEvent(id: string, name: string, data: unknown) {
      const { status } = await engine.call('POST', `/instances/${id}/raiseEvent/${name}`, data);
      if (status !== 202 && status !== 410) throw new Error(String(status));
    },
  };
  return client as unknown as HealthClient;
}
