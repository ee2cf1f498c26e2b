import Module from 'node:module';
import type {
  CoreApi,
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  HookName,
  ProgrammingModel,
} from './core-types.ts';
import { HOOK_NAMES, type RpcLogCategory, type RpcLogLevel } from './core-types.ts';

/** What an app has said of itself while its files were loaded. */
export interface Registry {
  readonly functions: Map<string, { readonly metadata: FunctionMetadata; readonly callback: FunctionCallback }>;
  readonly hooks: Readonly<Record<HookName, Set<HookCallback>>>;
  /** From then on functions cannot be added. */
  closed: boolean;
  log(level: RpcLogLevel, category: RpcLogCategory, message: string): void;
}

/** The worker versions whose interface this is; the library looks at them for features. */
const WORKER_VERSION = '3.13.0';
const HOST_VERSION = '4.1046.0';

// The library asks for this module once in the life of the process and keeps the answer: hence state of the process.
let current: Registry | undefined;
let model: ProgrammingModel | undefined;
let injected = false;

/** Makes an empty registry. */
export function createRegistry(log: Registry['log']): Registry {
  const hooks = Object.fromEntries(HOOK_NAMES.map((name) => [name, new Set()])) as unknown as Registry['hooks'];
  return { functions: new Map(), hooks, closed: false, log };
}

/** Makes `registry` the one that apps of this process register with; throws while there is another. */
export function injectCore(registry: Registry): void {
  if (current !== undefined) throw new Error('this process has loaded a Functions app; a process can load one');
  current = registry;
  if (injected) return;
  injected = true;
  const prototype = Module.prototype as unknown as { require: (this: unknown, id: string) => unknown };
  const original = prototype.require;
  prototype.require = function require(this: unknown, id: string) {
    return id === '@azure/functions-core' ? coreApi : original.call(this, id);
  };
}

/** Takes back what `injectCore` did for an app that could not be loaded. */
export function releaseCore(registry: Registry): void {
  if (current === registry) current = undefined;
}

/** The library that the app registered with; undefined when no file of it used any. */
export function programmingModel(): ProgrammingModel | undefined {
  return model;
}

const coreApi: CoreApi = {
  version: WORKER_VERSION,
  hostVersion: HOST_VERSION,
  registerFunction(metadata, callback) {
    const { functions, closed } = registering();
    if (closed) throw systemError(`function "${metadata.name}" is registered after the app has started`);
    // Names of functions are compared without regard to case, as by the real host.
    const id = metadata.name.toLowerCase();
    if (functions.has(id)) throw systemError(`there are two functions with the name "${metadata.name}"`);
    functions.set(id, { metadata, callback });
    return { dispose: () => void functions.delete(id) };
  },
  registerHook(name, callback) {
    const hooks = registering().hooks[name as HookName];
    if (hooks === undefined) throw systemError(`there is no hook "${name}"`, RangeError);
    hooks.add(callback);
    return { dispose: () => void hooks.delete(callback) };
  },
  setProgrammingModel(next) {
    model = next;
  },
  getProgrammingModel: () => model,
  log: (level, category, message) => current?.log(level, category, message),
};

function registering(): Registry {
  if (current === undefined) throw systemError('no Functions app is being loaded');
  return current;
}

/** The mark tells the library that it is not the app's fault. */
function systemError(message: string, kind: ErrorConstructor = Error): Error {
  return Object.assign(new kind(message), { isAzureFunctionsSystemError: true });
}
