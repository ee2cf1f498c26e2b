import { type ClusterTiming, DEFAULT_CLUSTER_TIMING } from '../../agent/cluster/timing.ts';
import type { AgentSnapshot } from '../../agent/observe/snapshot.ts';
import { type Bridge, type BridgeOptions, startBridge } from './bridge-harness.ts';
import type { BridgeConfig } from './bridge-config.ts';
import { eventually } from './eventually.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import type { Scope } from './scope.ts';
import type { Embedded } from './test-broker.ts';

/** Membership as quick as a busy machine allows. */
export const QUICK_CLUSTER: ClusterTiming = {
  ...DEFAULT_CLUSTER_TIMING,
  heartbeatMs: 100,
  tickMs: 20,
  // Longer than the longest pause before another connection for heartbeats.
  silenceMs: 1_500,
  echoMs: 1_200,
  suspectMs: 100,
  settleMs: 200,
  awaitedMs: 500,
  handBackMs: 200,
  disagreementMs: 3_000,
};

/** One instance inside the test's process, with lines of its own to both brokers. */
export interface Instance {
  readonly bridge: Bridge;
  readonly local: FaultProxy;
  readonly remote: FaultProxy;
  /** The slots it says it runs, in order. */
  readonly slots: () => string;
  /** As after SIGKILL or the loss of its node: nothing it does reaches a broker any more. */
  readonly lose: () => Promise<void>;
}

/** Starts an instance without waiting for anything; `config` names the brokers' own ports. */
export async function startInstance(
  scope: Scope,
  config: BridgeConfig & { readonly local: number },
  instance: number,
  options: BridgeOptions = {},
): Promise<Instance> {
  const [local, remote] = await Promise.all([
    startFaultProxy(scope, { port: config.local }),
    startFaultProxy(scope, { port: typeof config.remote === 'number' ? config.remote : config.remote.port }),
  ]);
  const bridge = await startBridge(scope, config, {
    clusterTiming: QUICK_CLUSTER,
    ...options,
    instance,
    lines: { local: local.port, remote: remote.port },
    unready: true,
  });
  return {
    bridge,
    local,
    remote,
    slots: () =>
      bridge
        .snapshot()
        .instances?.slots.toSorted((a, b) => a - b)
        .join() ?? '',
    async lose() {
      await Promise.all([local.down(), remote.down()]);
    },
  };
}

/**
 * Waits until each instance runs these slots (`'0,2'`), and all its lanes pass messages.
 * @param lanes how many there are to be in all of them; without it those of a slot taken just now may be missing.
 */
export async function untilRunning(wanted: readonly (readonly [Instance, string])[], lanes?: number): Promise<void> {
  const runs = ([{ bridge, slots }, own]: readonly [Instance, string]) =>
    slots() === own && bridge.snapshot().routes.every(({ lanes }) => lanes.ready === lanes.total);
  const total = () => wanted.reduce((sum, [{ bridge }]) => sum + lanesOf(bridge.snapshot()), 0);
  await eventually(() => wanted.every(runs) && (lanes === undefined || total() === lanes), {
    deadlineMs: 20_000,
    describe: () =>
      wanted.map(([{ bridge, slots }, own]) => `wanted ${own}, has ${slots()}\n${bridge.log()}`).join('\n'),
  });
}

/** The lanes at work in an instance. */
export function lanesOf({ routes }: AgentSnapshot): number {
  return routes.reduce((sum, { lanes }) => sum + lanes.total, 0);
}

/** Counts how often each client ID was connected while it still was, as `local/agent-a`. */
export function countTakeOvers(brokers: Readonly<Record<string, Embedded>>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [side, { broker }] of Object.entries(brokers)) {
    broker.events.on('disconnected', ({ clientId, cause }) => {
      const key = `${side}/${clientId}`;
      if (cause === 'taken-over') counts.set(key, (counts.get(key) ?? 0) + 1);
    });
  }
  return counts;
}
