import { sourceSide } from '../../shared/topic/loops.ts';
import type { Side } from '../../shared/plan/types.ts';
import type { ConnectionMaterial } from '../../agent/session/credentials/credentials.ts';
import { judgeClock } from './check-clock.ts';
import { checkConnect } from './check-connect.ts';
import { checkCredentials, trustOf } from './check-credentials.ts';
import { checkHost } from './check-host.ts';
import { checkPort, checkTls } from './check-line.ts';
import { checkLoops } from './check-loops.ts';
import { checkName } from './check-name.ts';
import { checkInstances } from './check-instances.ts';
import { judgeNamespace } from './check-namespace.ts';
import { checkPublish } from './check-publish.ts';
import { checkQueue } from './check-queue.ts';
import { judgeSessions } from './check-sessions.ts';
import { checkSubscribe } from './check-subscribe.ts';
import { checkToken, claimsOf } from './check-token.ts';
import { type CheckContext, isEventGrid, SIDES } from './context.ts';
import { type NamespaceReading, readNamespace } from './namespace.ts';
import { after, type Outcome } from './outcome.ts';
import type { ProbeClient } from './probe-client.ts';
import type { Finding } from './report-schema.ts';

/** Runs every check of one connector, both sides at the same time; in the order of the report. */
export async function checkConnector(context: CheckContext): Promise<readonly Finding[]> {
  const { document, specs } = context;
  const reading = isEventGrid('remote', context) ? readNamespace(specs.remote, context) : undefined;
  const sides = await Promise.all(SIDES.map((side) => checkSide(side, context)));
  const namespace = await reading;
  const tokens = sides.flatMap(({ material }) => material?.enhanced ?? []);
  const evidence = {
    readings: context.clock.all,
    tokens: tokens.map(({ data }) => claimsOf(data)).filter((claims) => claims !== undefined),
    now: context.wallClock(),
  };
  return [
    ...checkLoops(document.connector).findings,
    ...judgeClock(evidence).findings,
    ...sides.flatMap(({ findings }) => findings),
    ...(namespace === undefined ? [] : aboutNamespace(namespace, context)),
  ];
}

function aboutNamespace(reading: NamespaceReading, { document, specs, plan }: CheckContext): readonly Finding[] {
  const outcomes = [judgeNamespace(document.connector, reading), judgeSessions(specs.remote, plan, reading)];
  return outcomes.flatMap(({ findings }) => findings);
}

interface SideResult {
  readonly findings: readonly Finding[];
  readonly material: ConnectionMaterial | undefined;
}

/** The checks of one side; each waits for those it needs, and for no others. */
async function checkSide(side: Side, context: CheckContext): Promise<SideResult> {
  const loading = checkCredentials(side, context);
  const name = checkName(side, context);
  const { signal } = context;
  const port = after({ check: 'tcp', side, signal }, name, () => checkPort(side, context));
  const line = after({ check: 'tls', side, signal }, port, async () =>
    checkTls(side, await materialOf(loading, side, context), context),
  );
  const token = loading.then(({ value }) => value && checkToken(side, value, context));
  const ready = both(
    line,
    token.then((outcome) => outcome ?? loading),
  );
  const connected = after({ check: 'connect', side, signal }, ready, (material) =>
    checkConnect(side, material, context),
  );
  const first = context.plan.lanes.some(({ route }) => sourceSide(route) === side) ? 'subscribe' : 'publish';
  const asked = after({ check: first, side, signal }, connected, (client) => askAll(side, client, context));
  const loaded = await loading;
  const outcomes = [
    checkHost(context.specs[side]),
    await name,
    await port,
    loaded,
    await token,
    await line,
    await connected,
    await asked,
  ];
  return { findings: outcomes.flatMap((outcome) => outcome?.findings ?? []), material: loaded.value };
}

/** Everything that needs a connection, one thing after the other on the same one. */
async function askAll(side: Side, client: ProbeClient, context: CheckContext): Promise<Outcome> {
  const findings: Finding[] = [];
  for (const ask of [checkQueue, checkSubscribe, checkInstances, checkPublish]) {
    findings.push(...(await ask(side, client, context)).findings);
  }
  client.close();
  return { findings };
}

/** The second one's value once the first has passed too. */
async function both<T>(first: Promise<Outcome<unknown>>, second: Promise<Outcome<T>>): Promise<Outcome<T>> {
  const before = await first;
  return before.value === undefined ? { findings: before.findings } : second;
}

async function materialOf(loading: Promise<Outcome<ConnectionMaterial>>, side: Side, context: CheckContext) {
  const { value } = await loading;
  if (value !== undefined) return value.tls ?? {};
  // Without a token there may still be the authorities to trust; without them the check of TLS says so.
  return trustOf(side, context).catch(() => ({}));
}
