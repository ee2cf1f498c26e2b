import type { TypedData } from '../ports.ts';
import { createRegistry, injectCore, programmingModel, type Registry, releaseCore } from './core.ts';
import type { ProgrammingModel } from './core-types.ts';
import { AppError, importEntryFiles } from './entry-files.ts';
import { type HostedFunction, readFunctions } from './functions.ts';
import { type AppLogLine, type Invocation, invoke, type Invoker, type LogSink, runHooks } from './invoke.ts';

/** Where an app is and what hears its log. */
export interface AppOptions {
  /** Folder of its package.json, absolute. */
  readonly appDir: string;
  /** Glob of its entry files below that folder, instead of `main` in package.json. */
  readonly main?: string;
  readonly log: LogSink;
}

/** An app that has started. */
export interface LoadedApp {
  readonly functions: readonly HostedFunction[];
  /** Calls a function by its registered name; rejects with what the function threw. */
  invoke(name: string, invocation: Invocation): Promise<TypedData | undefined>;
  /** Runs the app's `appTerminate` hooks. */
  terminate(): Promise<void>;
  /** Makes room for another app in this process, after a start that failed behind this one. */
  discard(): void;
}

/**
 * Loads an app unchanged, as the Functions worker does, and runs its `appStart` hooks; throws `AppError` when any file fails,
 * nothing is registered, or it needs what this host does not have. A process can load one app; after a failure, another.
 */
export async function loadApp(options: AppOptions): Promise<LoadedApp> {
  const log = createLog(options.log, () => registry);
  const registry = createRegistry((level, category, message) => log({ level, category, message }));
  injectCore(registry);
  try {
    return await start(registry, log, options);
  } catch (error) {
    releaseCore(registry);
    throw error;
  }
}

async function start(registry: Registry, log: LogSink, { appDir, main }: AppOptions): Promise<LoadedApp> {
  await importEntryFiles(appDir, main);
  const appHookData = {};
  await runHooks(registry, 'appStart', { hookData: {}, appHookData, functionAppDirectory: appDir });
  const model = programmingModel();
  if (model === undefined || registry.functions.size === 0)
    throw new AppError(`no function is registered in ${appDir}`);
  await refuseStreaming(model);
  registry.closed = true;
  const { functions, faults } = readFunctions([...registry.functions.values()].map(({ metadata }) => metadata));
  if (faults.length > 0) throw new AppError(faults.join('; '));
  const invoker: Invoker = { registry, model, appHookData, log };
  return {
    functions,
    async invoke(name, invocation) {
      const registered = registry.functions.get(name.toLowerCase());
      if (registered === undefined) throw new Error(`there is no function "${name}"`);
      return invoke(invoker, registered, invocation);
    },
    terminate: () => runHooks(registry, 'appTerminate', { hookData: {}, appHookData }),
    discard: () => releaseCore(registry),
  };
}

/** Asking for the capabilities locks `app.setup`, so it is done once, after all files and hooks. */
async function refuseStreaming(model: ProgrammingModel): Promise<void> {
  const capabilities = (await model.getCapabilities?.({})) ?? {};
  if (capabilities['HttpUri'] === undefined) return;
  throw new AppError('the app streams HTTP (app.setup({ enableHttpStream: true })), which the local host does not do');
}

/** Lines pass the app's `log` hooks, which may change level and message. */
function createLog(sink: LogSink, registry: () => Registry): LogSink {
  return (line) => {
    const { log: hooks } = registry().hooks;
    if (hooks.size === 0) return sink(line);
    const context: Record<string, unknown> = { ...line, hookData: {} };
    for (const hook of hooks) hook(context);
    sink({ ...line, level: context['level'] as AppLogLine['level'], message: String(context['message']) });
  };
}
