import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { SYSTEM_CLOCK } from '../../../kubernetes/clock.ts';
import { createClient } from '../../../kubernetes/http-client.ts';
import { kubeconfigAccess } from '../../../kubernetes/kubeconfig.ts';
import type { ObjectKind, StoredObject } from '../../../kubernetes/object.ts';
import { createOperator, type Operator, type OperatorOptions } from '../../../operator/operator.ts';
import type { OperatorClock } from '../../../operator/clock.ts';
import type { OperatorLogFields, OperatorLogger } from '../../../operator/logger.ts';
import type { RenderOptions } from '../../../operator/render/options.ts';
import { eventually } from '../eventually.ts';
import type { SentResource } from '../resources.ts';
import type { Scope } from '../scope.ts';

/** What an installation for tests decides. */
export const RENDER: RenderOptions = {
  image: { repository: 'registry.test/mqttbridge', tag: '0.1.0', pullPolicy: 'IfNotPresent' },
  definition: { kind: 'kubernetes' },
};

/** The machine's clock. */
export const OPERATOR_CLOCK: OperatorClock = { ...SYSTEM_CLOCK, wall: Date.now };

/** Where and as whom an operator runs in a test. */
export interface TestOperatorOptions extends Partial<Omit<OperatorOptions, 'namespace'>> {
  /** YAML. */
  readonly kubeconfig: string;
  /** Of the connectors, and of the Lease unless told. */
  readonly namespace: string;
  /** Connectors of all namespaces; the Lease stays where it is. */
  readonly everywhere?: boolean;
}

/** A line that an operator has logged. */
export type OperatorLine = Readonly<Record<string, unknown>>;

/** An operator in the test's own process. */
export interface TestOperator extends Operator {
  readonly lines: readonly OperatorLine[];
  /** Waits until nothing has been left to do for some turns of the loop and no watch lags behind. */
  readonly settled: () => Promise<void>;
}

/** Opens a client that ends with the scope. */
export async function openClient(scope: Scope, kubeconfig: string): Promise<KubernetesClient> {
  const client = createClient(await kubeconfigAccess({ text: kubeconfig, folder: '/' }), { userAgent: 'test/1' });
  scope.onTestFinished(() => client.close());
  return client;
}

/** Starts an operator that ends with the scope. */
export async function startOperator(scope: Scope, options: TestOperatorOptions): Promise<TestOperator> {
  const { kubeconfig, everywhere, ...parts } = options;
  const client = await openClient(scope, kubeconfig);
  const lines: OperatorLine[] = [];
  const operator = createOperator({
    client,
    ownNamespace: parts.namespace,
    identity: `operator-${randomUUID().slice(0, 8)}`,
    render: RENDER,
    clock: OPERATOR_CLOCK,
    random: Math.random,
    logger: loggerInto(lines),
    ...parts,
    ...(everywhere && { namespace: undefined }),
  });
  scope.onTestFinished(() => operator.stop());
  operator.start();
  return { ...operator, lines, settled: () => settled(operator) };
}

/** A logger that keeps its lines. */
export function loggerInto(lines: OperatorLine[]): OperatorLogger {
  const at = (level: string) => (fields: OperatorLogFields, message?: string) =>
    void lines.push({ level, ...fields, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Rounds without work after which what a write sets off has come back. */
const QUIET_ROUNDS = 10;

async function settled(operator: Operator): Promise<void> {
  let quiet = 0;
  await eventually(async () => {
    const { leading, synced, queued, working } = operator.snapshot();
    quiet = leading && synced && queued === 0 && working === 0 ? quiet + 1 : 0;
    await delay(1);
    return quiet >= QUIET_ROUNDS;
  });
}

/** A resource of a test with a namespace. */
export function inNamespace(
  resource: SentResource,
  namespace: string,
): SentResource & { readonly metadata: { readonly name: string; readonly namespace: string } } {
  return { ...resource, metadata: { ...resource.metadata, namespace } };
}

/** All objects of some kinds in a namespace. */
export async function objectsOf(
  client: KubernetesClient,
  kinds: readonly ObjectKind[],
  namespace: string,
): Promise<readonly StoredObject[]> {
  const lists = await Promise.all(kinds.map((kind) => client.list(kind, { namespace })));
  return lists.flatMap(({ items }) => items);
}
