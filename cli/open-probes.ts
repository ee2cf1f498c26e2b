import type { Logger } from '../agent/observe/logger.ts';
import { createMetrics } from '../agent/observe/metrics.ts';
import type { ProbeServer } from '../agent/observe/probe-server.ts';
import { startProbes } from '../agent/observe/probes.ts';
import type { AgentSnapshot } from '../agent/observe/snapshot.ts';
import { type Address, formatAddress } from './address.ts';
import type { RunningAgent } from './agent-port.ts';
import type { Io } from './io.ts';

/** Starts the probes of an agent; undefined, and a line in the log, when the address cannot be had. */
export async function openProbes(
  agent: Pick<RunningAgent, 'snapshot'>,
  { logger, address, io }: { readonly logger: Logger; readonly address: Address; readonly io: Io },
): Promise<ProbeServer | undefined> {
  const snapshot = (): AgentSnapshot => agent.snapshot();
  try {
    const probes = await startProbes({
      ...address,
      snapshot,
      metrics: createMetrics({ snapshot, processUsage: io.processUsage }),
      onError: (error) => logger.error({ evt: 'ProbeFailed', error }, 'a probe could not be answered'),
    });
    logger.info({ evt: 'ProbesListening', http: formatAddress(probes) }, 'probes are listening');
    return probes;
  } catch (error) {
    const message = `cannot listen on ${formatAddress(address)}; choose another address with --http`;
    logger.error({ evt: 'ProbesNotListening', http: formatAddress(address), error }, message);
    return undefined;
  }
}
