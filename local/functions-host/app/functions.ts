import type { Binding, FunctionMetadata } from './core-types.ts';

/** Who may call a function over HTTP: anybody, holders of a function key, holders of the master key. */
export type AuthLevel = 'anonymous' | 'function' | 'admin';

/** What starts a function, by kind. */
type Trigger =
  | {
      readonly kind: 'http';
      readonly route: string;
      readonly methods: readonly string[];
      readonly authLevel: AuthLevel;
    }
  | { readonly kind: 'timer'; readonly schedule: string; readonly runOnStartup: boolean; readonly useMonitor: boolean }
  | { readonly kind: 'eventGrid' }
  | { readonly kind: 'durable'; readonly type: 'orchestrationTrigger' | 'activityTrigger' | 'entityTrigger' };

/** A function that this host can run. */
export interface HostedFunction {
  readonly name: string;
  readonly trigger: Trigger;
  /** Name of the trigger's binding: under it goes the input. */
  readonly input: string;
  /** Names of the inputs that want the URLs of the durable engine. */
  readonly durableClients: readonly string[];
}

/** A function with the trigger of one kind. */
export type Triggered<Kind extends Trigger['kind']> = HostedFunction & {
  readonly trigger: Extract<Trigger, { kind: Kind }>;
};

/** Functions with a trigger of this kind. */
export function triggeredBy<Kind extends Trigger['kind']>(
  functions: readonly HostedFunction[],
  kind: Kind,
): Triggered<Kind>[] {
  return functions.filter((candidate): candidate is Triggered<Kind> => candidate.trigger.kind === kind);
}

/** Reads what an app registered; the faults are sentences that name function and binding, and with one nothing may run. */
export function readFunctions(registered: Iterable<FunctionMetadata>): {
  readonly functions: readonly HostedFunction[];
  readonly faults: readonly string[];
} {
  const functions: HostedFunction[] = [];
  const faults: string[] = [];
  for (const metadata of registered) {
    const found = faultsOf(metadata);
    faults.push(...found);
    if (found.length === 0) functions.push(hostedFunction(metadata));
  }
  return { functions, faults };
}

const TRIGGERS = new Set([
  'httptrigger',
  'timertrigger',
  'eventgridtrigger',
  'orchestrationtrigger',
  'activitytrigger',
  'entitytrigger',
]);
const AUTH_LEVELS: ReadonlySet<unknown> = new Set<AuthLevel>(['anonymous', 'function', 'admin']);
const CLIENTS = new Set(['durableclient', 'orchestrationclient']);

function faultsOf({ name, bindings, retryOptions }: FunctionMetadata): string[] {
  const faults = Object.values(bindings).flatMap((binding) => {
    const { type } = binding;
    if (isTrigger(binding) ? isKnownTrigger(binding) : isKnownBinding(binding, bindings)) return [];
    return [`function "${name}" has a binding of type "${type}", which the local host does not run`];
  });
  const authLevel = Object.values(bindings).find(isTrigger)?.['authLevel'];
  if (authLevel !== undefined && !AUTH_LEVELS.has(authLevel))
    faults.push(`function "${name}" has an authLevel that the local host does not know`);
  const triggers = Object.values(bindings).filter(isTrigger);
  if (triggers.length !== 1) faults.push(`function "${name}" has ${triggers.length} triggers instead of one`);
  // null and undefined are the library's two ways to say none.
  if (retryOptions) faults.push(`function "${name}" has retry options, which the local host does not follow`);
  return faults;
}

function isTrigger({ type, direction }: Binding): boolean {
  return direction === 'in' && /trigger$/i.test(type);
}

function isKnownTrigger({ type }: Binding): boolean {
  return TRIGGERS.has(type.toLowerCase());
}

function isKnownBinding({ type, direction }: Binding, all: FunctionMetadata['bindings']): boolean {
  if (direction === 'in') return CLIENTS.has(type.toLowerCase());
  return (
    type.toLowerCase() === 'http' && Object.values(all).some((other) => other.type.toLowerCase() === 'httptrigger')
  );
}

function hostedFunction({ name, bindings }: FunctionMetadata): HostedFunction {
  const entries = Object.entries(bindings);
  const [input, binding] = entries.find(([, candidate]) => isTrigger(candidate)) as [string, Binding];
  const clients = entries.filter(([, { type }]) => CLIENTS.has(type.toLowerCase()));
  return { name, trigger: triggerOf(name, binding), input, durableClients: clients.map(([client]) => client) };
}

function triggerOf(name: string, binding: Binding): Trigger {
  switch (binding.type.toLowerCase()) {
    case 'httptrigger':
      return {
        kind: 'http',
        route: typeof binding['route'] === 'string' ? binding['route'] : name,
        methods: (binding['methods'] as readonly string[]).map((method) => method.toUpperCase()),
        authLevel: binding['authLevel'] as AuthLevel,
      };
    case 'timertrigger':
      return {
        kind: 'timer',
        schedule: String(binding['schedule']),
        runOnStartup: binding['runOnStartup'] === true,
        useMonitor: binding['useMonitor'] !== false,
      };
    case 'eventgridtrigger':
      return { kind: 'eventGrid' };
    case 'orchestrationtrigger':
      return { kind: 'durable', type: 'orchestrationTrigger' };
    case 'activitytrigger':
      return { kind: 'durable', type: 'activityTrigger' };
    default:
      return { kind: 'durable', type: 'entityTrigger' };
  }
}
