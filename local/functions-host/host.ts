import type { Logger } from '../../agent/observe/logger.ts';
import { loadApp, type LoadedApp } from './app/app.ts';
import { type HostedFunction, triggeredBy } from './app/functions.ts';
import { createAppLog } from './app-log.ts';
import { systemClock } from './clock.ts';
import { type DataDir, takeDataDir } from './data-dir.ts';
import { type HostJson, readHostJson } from './host-json.ts';
import { adminEndpoints } from './http/admin.ts';
import { eventGridEndpoint } from './http/event-grid.ts';
import { createFront, type FrontOptions, type SystemEndpoint } from './http/front.ts';
import { managementAddress, managementEndpoint } from './http/management.ts';
import { HTTP_LIMITS, type HttpLimits, type HttpServer, startServer } from './http/server.ts';
import type { DurableEngine, FunctionRunner, HostClock } from './ports.ts';
import { type HostSecrets, openSecrets } from './secrets.ts';
import { openTimerMonitor } from './timer/monitor.ts';
import { createTimers, type Timers } from './timer/timers.ts';

/** What a durable engine is made of. */
export interface EngineParts {
  readonly runner: FunctionRunner;
  readonly clock: HostClock;
  readonly logger: Logger;
  /** Folder for its history; nobody but the owner may enter it. */
  readonly dataDir: string;
  /** Name of the task hub in host.json. */
  readonly hubName: string;
  /** To be told when the engine cannot go on. */
  readonly onBroken: (because: Error) => void;
}

/** How a host is. */
export interface HostOptions {
  /** Folder of the app: its package.json and host.json are there. Absolute. */
  readonly appDir: string;
  /** Glob of the entry files, instead of `main` in package.json. */
  readonly main?: string;
  /** Folder for keys, history and the note of timers; made when it is missing. Absolute. */
  readonly dataDir: string;
  readonly http?: { readonly host?: string; readonly port?: number; readonly limits?: Partial<HttpLimits> };
  readonly clock?: HostClock;
  readonly logger: Logger;
  /** Makes the durable engine; without it an app with orchestrations is refused. */
  readonly engine?: (parts: EngineParts) => DurableEngine;
  /** Called when the data folder is there and ours, before the app is loaded. */
  readonly prepare?: () => Promise<void>;
  /** Sets variables of the environment in which the app runs; called before any function does. */
  readonly setEnvironment?: (variables: Readonly<Record<string, string>>) => void;
}

/** An app that is served. */
export interface FunctionsHost {
  /** `http://127.0.0.1:7071`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Keys of the host, for tests and for who configures Event Grid. */
  readonly secrets: HostSecrets;
  /** Resolves if ever the durable engine cannot go on: a new process can, from where the disk says. */
  readonly broken: Promise<Error>;
  /** Lets requests, timers and turns of orchestrations that run now end, for at most `graceMs`, and starts no others. */
  stop(graceMs?: number): Promise<void>;
}

/** A host that can be started, once. */
export interface StartableHost {
  /** Loads the app and serves it; rejects, with nothing left running, when the app, the folder or the address cannot be had. */
  start(): Promise<FunctionsHost>;
}

const GRACE_MS = 10_000;

/** Makes a host for one app: an ordinary Functions v4 app of the Node model, as built for Azure. */
export function createFunctionsHost(options: HostOptions): StartableHost {
  return {
    async start() {
      const dataDir = await takeDataDir(options.dataDir);
      try {
        return await startIn(dataDir, options);
      } catch (error) {
        dataDir.release();
        throw error;
      }
    },
  };
}

interface Parts {
  readonly options: HostOptions;
  readonly clock: HostClock;
  readonly app: LoadedApp;
  readonly hostJson: HostJson;
  readonly secrets: HostSecrets;
  readonly engine: DurableEngine | undefined;
  readonly broken: Promise<Error>;
  /** Known as soon as the server listens, before any function runs. */
  origin: string;
}

async function startIn(dataDir: DataDir, options: HostOptions): Promise<FunctionsHost> {
  const { appDir, main, logger, clock = systemClock } = options;
  const hostJson = await readHostJson(appDir);
  await options.prepare?.();
  const secrets = await openSecrets(dataDir.path);
  const app = await loadApp({ appDir, log: createAppLog(logger), ...(main === undefined ? {} : { main }) });
  const broken = Promise.withResolvers<Error>();
  let engine: DurableEngine | undefined;
  try {
    engine = createEngine(app, { ...options, clock }, { hubName: hostJson.hubName, onBroken: broken.resolve });
    const parts = { options, clock, app, hostJson, secrets, engine, broken: broken.promise, origin: '' };
    return await serve(parts, dataDir);
  } catch (error) {
    await engine?.stop();
    app.discard();
    throw error;
  }
}

async function serve(parts: Parts, dataDir: DataDir): Promise<FunctionsHost> {
  const { options, secrets, engine } = parts;
  const timers = await timersOf(parts);
  const server = await listen(parts);
  parts.origin = `http://${formatHost(server)}`;
  options.setEnvironment?.({ WEBSITE_HOSTNAME: formatHost(server) });
  engine?.start();
  timers.start();
  const stop = once((graceMs: number) => stopAll({ parts, server, timers, dataDir }, graceMs));
  return {
    url: parts.origin,
    host: server.host,
    port: server.port,
    secrets,
    broken: parts.broken,
    stop: (graceMs = GRACE_MS) => stop(graceMs),
  };
}

function createEngine(
  app: LoadedApp,
  options: HostOptions & { readonly clock: HostClock },
  more: Pick<EngineParts, 'hubName' | 'onBroken'>,
): DurableEngine | undefined {
  const { engine, clock, dataDir, logger } = options;
  if (engine !== undefined) return engine({ runner: createRunner(app), clock, logger, dataDir, ...more });
  const needing = app.functions.find(
    ({ trigger, durableClients }) => trigger.kind === 'durable' || durableClients.length > 0,
  );
  if (needing === undefined) return undefined;
  throw new Error(`function "${needing.name}" needs a durable engine, which this host was not given`);
}

function createRunner(app: LoadedApp): FunctionRunner {
  const durable = triggeredBy(app.functions, 'durable');
  return {
    names: (type) => durable.filter(({ trigger }) => trigger.type === type).map(({ name }) => name),
    async run(name, data) {
      const target = durable.find((candidate) => candidate.name === name);
      if (target === undefined) throw new Error(`there is no durable function "${name}"`);
      return app.invoke(name, { inputs: [{ name: target.input, data }] });
    },
  };
}

/** URLs of the engine, for functions that want them; they are the same for all, and known before one runs. */
function createExtraInputs(parts: Parts): FrontOptions['extraInputs'] {
  let string: string | undefined;
  return ({ durableClients }: HostedFunction) => {
    const { engine, origin, secrets } = parts;
    if (durableClients.length === 0 || engine === undefined) return [];
    string ??= engine.clientBinding(managementAddress(origin, secrets.durabletask_extension));
    const data = { string };
    return durableClients.map((name) => ({ name, data }));
  };
}

function createFailed({ logger }: HostOptions): FrontOptions['failed'] {
  return (name, error) => logger.error({ evt: 'FunctionFailed', function: name, error }, 'a function failed');
}

async function listen(parts: Parts): Promise<HttpServer> {
  const { options, app, engine, secrets, hostJson } = parts;
  const { host = '127.0.0.1', port = 0 } = options.http ?? {};
  const limits = { ...HTTP_LIMITS, ...options.http?.limits };
  const shared = { app, extraInputs: createExtraInputs(parts), failed: createFailed(options) };
  const address = () => managementAddress(parts.origin, secrets.durabletask_extension);
  const endpoints: SystemEndpoint[] = [
    ...(engine === undefined ? [] : [managementEndpoint(engine, address)]),
    eventGridEndpoint(shared),
    ...adminEndpoints(),
  ];
  const budget = { perRequest: limits.bodyBytes, together: limits.bodiesBytes, used: 0 };
  const answer = createFront({ ...shared, routePrefix: hostJson.routePrefix, secrets, endpoints, budget });
  return startServer({ host, port, limits, logger: options.logger, answer });
}

async function timersOf(parts: Parts): Promise<Timers> {
  const { app, clock, options } = parts;
  const extraInputs = createExtraInputs(parts);
  return createTimers({
    functions: triggeredBy(app.functions, 'timer'),
    clock,
    monitor: await openTimerMonitor(options.dataDir),
    failed: createFailed(options),
    async run(target, data) {
      await app.invoke(target.name, { inputs: [{ name: target.input, data }, ...extraInputs(target)] });
    },
  });
}

interface Running {
  readonly parts: Parts;
  readonly server: HttpServer;
  readonly timers: Timers;
  readonly dataDir: DataDir;
}

async function stopAll({ parts: { app, engine }, server, timers, dataDir }: Running, graceMs: number): Promise<void> {
  // Timers and turns may still ask the management API, so the server is the last that ends.
  const ended = Promise.all([timers.stop(), engine?.stop()]);
  await inTime(ended, graceMs);
  await server.stop(graceMs);
  await app.terminate();
  dataDir.release();
}

/** Resolves when `work` has ended, well or badly, or after `ms`. */
async function inTime(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}

function once<T>(act: (given: T) => Promise<void>): (given: T) => Promise<void> {
  let done: Promise<void> | undefined;
  return (given) => (done ??= act(given));
}

/** How this machine reaches a server; one that listens on all addresses is asked on loopback. */
function formatHost({ host, port }: HttpServer): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return reached.includes(':') ? `[${reached}]:${port}` : `${reached}:${port}`;
}
