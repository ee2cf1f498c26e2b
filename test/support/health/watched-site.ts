import * as df from 'durable-functions';
import type { HealthDeps } from '../../../functions/durable/health-deps.ts';
import { createJudgeSite } from '../../../functions/durable/judge-site.ts';
import { JUDGE_SITE, PUBLISH_ALERTS, SITE_HEALTH } from '../../../functions/durable/names.ts';
import { createPublishAlerts } from '../../../functions/durable/publish-alerts.ts';
import { siteHealth } from '../../../functions/durable/site-health.ts';
import { createHealthTrigger, type HealthClient } from '../../../functions/durable/trigger.ts';
import type { HealthTrigger } from '../../../functions/http/contract.ts';
import { settingsSchema } from '../../../functions/wiring/settings.ts';
import type { HealthAlert } from '../../../shared/health/state.ts';
import type { AgentReport } from '../../../shared/api/report.ts';
import { type EngineUnderTest, startEngine, type Status } from '../durable-engine.ts';
import { mortalStore } from '../mortal-store.ts';
import type { Scope } from '../scope.ts';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts';
import { START } from './reports.ts';
import { createTestSite, type TestSite } from './site.ts';

/** What a watched site is made with. */
export interface WatchOptions {
  readonly intervalSeconds?: number;
  readonly recoverAfterSeconds?: number;
  readonly publishAlerts?: HealthDeps['publishAlerts'];
  /** File of the engine's history; in memory unless told. */
  readonly file?: string;
}

/** How an agent reports. */
export interface AgentOptions {
  readonly instance?: string;
  /** Milliseconds until its first report. */
  readonly phase?: number;
  readonly says?: Partial<AgentReport>;
}

/** An agent that reports by the virtual clock. */
export interface TestAgent {
  /** What it says; a change is reported at its next beat. */
  says: Partial<AgentReport>;
  stop(): void;
}

/** A site that the real orchestration watches, on the durable engine, in virtual time. */
export interface WatchedSite {
  readonly site: TestSite;
  readonly clock: VirtualClock;
  readonly trigger: HealthTrigger;
  readonly client: HealthClient;
  readonly alerts: HealthAlert[];
  /** How often the site was judged. */
  judgements: number;
  /** Lets an agent report each interval, first `phase` milliseconds from now. */
  agent(of?: AgentOptions): TestAgent;
  pass(ms: number): Promise<void>;
  status(): Promise<Status>;
  /** How often the host was killed. */
  deaths: number;
  /** Kills the host, and from now on each one that follows it after it has written to the history so often. */
  kill(commits: number): Promise<void>;
}

let current: (() => HealthDeps) | undefined;

const deps = async (): Promise<HealthDeps> => {
  if (!current) throw new Error('no site is watched');
  return current();
};

df.app.orchestration(SITE_HEALTH, siteHealth);
df.app.activity(JUDGE_SITE, { handler: createJudgeSite(deps) });
df.app.activity(PUBLISH_ALERTS, { handler: createPublishAlerts(deps) });

/** Makes a site that nobody watches yet: `trigger.ensure` starts that. One at a time in a process. */
export async function createWatchedSite(scope: Scope, options: WatchOptions = {}): Promise<WatchedSite> {
  const { intervalSeconds = 30, recoverAfterSeconds = 60, file } = options;
  const settings = settingsSchema.parse({
    MQTTBRIDGE_REPORT_INTERVAL_SECONDS: intervalSeconds,
    MQTTBRIDGE_RECOVER_AFTER_SECONDS: recoverAfterSeconds,
  });
  const clock = createVirtualClock(START);
  const site = await createTestSite(scope, () => clock.now());
  const alerts: HealthAlert[] = [];
  const collect = async (_: string, sent: readonly HealthAlert[]) => void alerts.push(...sent);
  const counted = { ...site.stores.health, write: countingWrite(site, () => made.judgements++) };
  current = () => ({
    stores: { ...site.stores, health: counted },
    settings,
    now: () => clock.now(),
    publishAlerts: options.publishAlerts ?? collect,
  });
  let engine = startEngine({ clock, ...(file !== undefined && { file }) });
  scope.onTestFinished(() => engine.engine.stop());
  let lifetime = Number.POSITIVE_INFINITY;
  const work = new Set<Promise<unknown>>();
  const settled = async () => {
    await Promise.all(work);
    await engine.settled();
  };
  const client = clientOf(() => engine);
  const made: WatchedSite = {
    site,
    clock,
    client,
    trigger: createHealthTrigger(client),
    alerts,
    judgements: 0,
    deaths: 0,
    agent: (of) => startAgent({ everyMs: intervalSeconds * 1_000, ...of }, { site, clock, work }),
    async pass(ms) {
      const end = clock.now() + ms;
      for (let alive = false; !alive; ) {
        alive = await clock.advance(end - clock.now(), settled).then(() => true, isAlive);
        if (!alive) await made.kill(lifetime);
      }
    },
    status: () => engine.status('health-plant', '?showHistory=true'),
    async kill(commits) {
      lifetime = commits;
      made.deaths++;
      await engine.engine.stop();
      engine = startEngine({ clock, openStore: mortalStore(commits), ...(file !== undefined && { file }) });
    },
  };
  return made;
}

function startAgent(
  { instance = 'all', phase = 0, everyMs, says = {} }: AgentOptions & { readonly everyMs: number },
  {
    site,
    clock,
    work,
  }: { readonly site: TestSite; readonly clock: VirtualClock; readonly work: Set<Promise<unknown>> },
): TestAgent {
  const agent = { says, stop: () => cancel() };
  const beat = () => {
    cancel = clock.callAt(clock.now() + everyMs, beat);
    const sent = site.report(agent.says, { instance }).finally(() => work.delete(sent));
    work.add(sent);
  };
  let cancel = clock.callAt(clock.now() + phase, beat);
  return agent;
}

/** False for the death of a host; everything else is thrown on. */
function isAlive(error: unknown): boolean {
  if (error instanceof Error && error.cause instanceof Error && error.cause.message === 'killed') return false;
  throw error;
}

function countingWrite({ stores: { health } }: TestSite, count: () => void): typeof health.write {
  return async (...given) => {
    count();
    return health.write(...given);
  };
}

/** The durable client's part that is used, straight to the engine's management API. */
function clientOf(engine: () => EngineUnderTest): HealthClient {
  const client = {
    getStatus: async (id: string) => {
      const answer = await engine().call('GET', `/instances/${id}`);
      if (answer.status === 404) throw new Error('404');
      return answer.value;
    },
    startNew: async (name: string, { instanceId = '', input }: df.StartNewOptions = {}) =>
      engine().begin(name, input, instanceId),
    raiseEvent: async (id: string, name: string, data: unknown) => {
      const { status } = await engine().call('POST', `/instances/${id}/raiseEvent/${name}`, data);
      if (status !== 202 && status !== 410) throw new Error(String(status));
    },
  };
  return client as unknown as HealthClient;
}
