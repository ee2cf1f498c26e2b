import { randomUUID } from 'node:crypto';
import Module from 'node:module';
import type { FunctionRunner, TypedData } from '../../local/functions-host/ports.ts';

interface Metadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, { readonly type: string; readonly direction: string }>>;
}

interface Invocation {
  getArguments(): Promise<{ readonly context: unknown; readonly inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], handler: unknown): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ readonly returnValue?: TypedData }>;
}

interface Model {
  getInvocationModel(context: object): Invocation;
}

const functions = new Map<string, { readonly metadata: Metadata; readonly handler: unknown }>();
let model: Model | undefined;

const core = {
  version: '4.0.0',
  hostVersion: '4.0.0',
  Disposable: class Disposable {
    dispose(): void {}
  },
  registerFunction: (metadata: Metadata, handler: unknown) => void functions.set(metadata.name, { metadata, handler }),
  registerHook: () => undefined,
  setProgrammingModel: (given: Model) => void (model = given),
  getProgrammingModel: () => model,
  log: () => undefined,
};

// As the Functions worker does it: the package exists nowhere but here.
Module.prototype.require = new Proxy(Reflect.get(Module.prototype, 'require') as NodeJS.Require, {
  apply: (require, self: unknown, [id]: [string]): unknown =>
    id === '@azure/functions-core' ? core : Reflect.apply(require, self, [id]),
});

/** Runs what a test registered with the real SDK in this process; registrations are those of the whole process. */
export const appRunner: FunctionRunner = {
  names: (trigger) => [...functions.values()].filter((one) => triggerOf(one.metadata)?.type === trigger).map(nameOf),
  async run(name, data) {
    const found = functions.get(name);
    if (found === undefined || model === undefined) throw new Error(`nothing is registered as ${name}`);
    return invoke(model, found.metadata, found.handler, data);
  },
};

function nameOf({ metadata }: { readonly metadata: Metadata }): string {
  return metadata.name;
}

function triggerOf({ bindings }: Metadata): { readonly name: string; readonly type: string } | undefined {
  const found = Object.entries(bindings).find(([, { type }]) => /trigger$/i.test(type));
  return found === undefined ? undefined : { name: found[0], type: found[1].type };
}

async function invoke(
  model: Model,
  metadata: Metadata,
  handler: unknown,
  data: TypedData,
): Promise<TypedData | undefined> {
  const invocationId = randomUUID();
  const inputData = [{ name: triggerOf(metadata)?.name, data }];
  const request = { invocationId, functionId: metadata.name, inputData, triggerMetadata: {} };
  const invocation = model.getInvocationModel({ invocationId, request, metadata, log: () => undefined });
  const { context, inputs } = await invocation.getArguments();
  const result = await invocation.invokeFunction(context, inputs, handler);
  return (await invocation.getResponse(context, result)).returnValue;
}
