import { randomUUID } from 'node:crypto';
import type { TypedData } from '../ports.ts';
import type { Registry } from './core.ts';
import type {
  CoreInvocationContext,
  FunctionCallback,
  FunctionMetadata,
  HookName,
  ProgrammingModel,
  RpcLogCategory,
  RpcLogLevel,
  RpcTypedData,
} from './core-types.ts';

/** What a function is called with. */
export interface Invocation {
  /** Name of a binding, and its value. */
  readonly inputs: readonly { readonly name: string; readonly data: TypedData }[];
  readonly triggerMetadata?: Readonly<Record<string, TypedData>>;
}

/** Tells of a line that the app logs; the function is absent outside of invocations. */
export type LogSink = (line: AppLogLine) => void;

/** One line of the app's log. */
export interface AppLogLine {
  readonly level: RpcLogLevel;
  readonly category: RpcLogCategory;
  readonly message: string;
  readonly functionName?: string;
  readonly invocationId?: string;
}

/** What invocations share. */
export interface Invoker {
  readonly registry: Registry;
  readonly model: ProgrammingModel;
  readonly appHookData: Record<string, unknown>;
  readonly log: LogSink;
}

interface Registered {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** Calls one function in the order of the Functions worker: arguments, hooks before, handler, hooks after, response. */
export async function invoke(
  invoker: Invoker,
  { metadata, callback }: Registered,
  invocation: Invocation,
): Promise<TypedData | undefined> {
  const core = contextOf(invoker, metadata, invocation);
  const call = invoker.model.getInvocationModel(core);
  const { context, inputs } = await call.getArguments();
  core.state = 'preInvocationHooks';
  const hookData = {};
  const shared = { hookData, appHookData: invoker.appHookData, invocationContext: context };
  const before = { ...shared, functionCallback: callback, inputs };
  await runHooks(invoker.registry, 'preInvocation', before);
  core.state = 'invocation';
  const after: Record<string, unknown> = { ...shared, inputs: before.inputs, result: undefined, error: undefined };
  try {
    after['result'] = await call.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after['error'] = error ?? new Error('the function threw nothing');
  }
  core.state = 'postInvocationHooks';
  await runHooks(invoker.registry, 'postInvocation', after);
  if (after['error'] !== undefined && after['error'] !== null) throw after['error'];
  const { returnValue } = await call.getResponse(context, after['result']);
  return plain(returnValue);
}

/** Runs the hooks of one name one after the other, in the order they were registered. */
export async function runHooks(registry: Registry, name: HookName, context: Record<string, unknown>): Promise<void> {
  for (const hook of registry.hooks[name]) await hook(context);
}

function contextOf(invoker: Invoker, metadata: FunctionMetadata, invocation: Invocation): CoreInvocationContext {
  const invocationId = randomUUID();
  const where = { functionName: metadata.name, invocationId };
  return {
    invocationId,
    request: { invocationId, inputData: invocation.inputs, triggerMetadata: invocation.triggerMetadata ?? {} },
    metadata,
    log: (level, category, message) => invoker.log({ level, category, message, ...where }),
  };
}

/** Numbers are JSON too. */
function plain(value: RpcTypedData | null | undefined): TypedData | undefined {
  if (value === null || value === undefined) return undefined;
  const number = value.int ?? value.double;
  return number === undefined ? value : { json: JSON.stringify(number) };
}
