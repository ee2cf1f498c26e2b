import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { CONNECTORS, type StoredObject } from '../../../kubernetes/object.ts';
import type { InstanceStatus } from '../../../shared/resources/status.ts';
import type { Logger } from '../../observe/logger.ts';
import type { AgentSnapshot } from '../../observe/snapshot.ts';
import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';
import { createReporting, type Sent } from '../remote/reporting.ts';
import { type ApiServerFault, type Asking, type Failure, faultOf, judgeError } from './fault.ts';
import { entryDigest, hasBacklogMoved, instanceEntry } from './status-entry.ts';

/** What writing the status is made of. */
export interface StatusWriterParts {
  readonly client: Pick<KubernetesClient, 'apply'>;
  readonly asking: Asking;
  /** Number of this instance. */
  readonly instance: string;
  /** The connector as the API server has it; undefined while there is none, or nobody knows. */
  readonly connector: () => StoredObject | undefined;
  /** Generations of the connector that runs, and of the newest one that was taken or refused. */
  readonly generations: () => { readonly runs: number | undefined; readonly judged: number | undefined };
  readonly snapshot: () => AgentSnapshot;
  /** Counts a write: `Written`, or the reason why not. */
  readonly count: (outcome: string) => void;
  /** Tells what is wrong with writing now. */
  readonly tell: (fault: ApiServerFault | undefined) => void;
  readonly logger: Logger;
  readonly clock: MonotonicClock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Milliseconds since 1970, UTC. */
  readonly wallClock: () => number;
}

/** Keeps this instance's entry in the status true, and writes nothing while it is. */
export interface StatusWriter {
  /** Resolves when the signal has ended it. */
  run(signal: AbortSignal): Promise<void>;
  /** The definition in force is another one: tell it as soon as may be. */
  hurry(): void;
  /** Says once, within 2 s, that this instance ends; resolves when that is done or given up. */
  finish(): Promise<void>;
}

/** Longest pause between writes while writes fail, or while what they say changes all the time; in seconds. */
export const STATUS_INTERVAL_S = 30;
/** How long a process that ends may take to say so, in milliseconds. */
const FINISH_MS = 2_000;

/** Remembers its parts; `run` begins. */
export function createStatusWriter(parts: StatusWriterParts): StatusWriter {
  const { clock, random } = parts;
  const told = createMemory(parts.instance);
  let hurry = (): void => undefined;
  return {
    async run(signal) {
      const reporting = createReporting({
        clock,
        random,
        signal,
        repeats: false,
        differs: () => isToBeTold(parts, told),
        send: () => send(parts, told, signal),
      });
      hurry = () => reporting.hurry();
      await reporting.run();
    },
    hurry: () => hurry(),
    async finish() {
      const late = new AbortController();
      const cancel = clock.after(FINISH_MS, () => late.abort());
      if (told.of(parts.connector()) !== undefined) await write(parts, told, true, late.signal).catch(() => undefined);
      cancel();
    },
  };
}

/** What the API server knows of this instance, as far as this instance knows. */
interface Memory {
  /** The entry in the connector's status; undefined where there is none, or no connector. */
  of(connector: StoredObject | undefined): InstanceStatus | undefined;
  wrote(connector: StoredObject, entry: InstanceStatus): void;
}

/** What was written counts until it comes back on the watch; from then on what is there counts, whoever wrote it. */
function createMemory(instance: string): Memory {
  let underWay: { readonly uid: string; readonly entry: InstanceStatus } | undefined;
  return {
    of(connector) {
      const there = connector && entryIn(connector, instance);
      if (underWay === undefined || connector?.metadata.uid !== underWay.uid) return there;
      if (there === undefined || entryDigest(there) !== entryDigest(underWay.entry)) return underWay.entry;
      underWay = undefined;
      return there;
    },
    wrote({ metadata: { uid } }, entry) {
      underWay = { uid, entry };
    },
  };
}

/** What is there was checked by the definition, if it is the definition of this version. */
function entryIn({ status }: StoredObject, instance: string): InstanceStatus | undefined {
  const { instances } = (status ?? {}) as { readonly instances?: readonly InstanceStatus[] };
  return instances?.find((entry) => entry.instance === instance);
}

/** What goes wrong here is told by the write that follows. */
function isToBeTold(parts: StatusWriterParts, memory: Memory): boolean {
  try {
    return isWorthAWrite(parts, memory);
  } catch {
    return true;
  }
}

function isWorthAWrite(parts: StatusWriterParts, memory: Memory): boolean {
  const connector = parts.connector();
  if (connector === undefined) return false;
  const told = memory.of(connector);
  if (told === undefined) return true;
  const entry = entryNow(parts, told, false);
  return entryDigest(entry) !== entryDigest(told) || hasBacklogMoved(told.backlog ?? 0, entry.backlog ?? 0);
}

function entryNow(parts: StatusWriterParts, former: InstanceStatus | undefined, stopping: boolean): InstanceStatus {
  const { instance, generations, snapshot, wallClock } = parts;
  return instanceEntry(snapshot(), { instance, ...generations(), stopping, former, now: wallClock() });
}

async function send(parts: StatusWriterParts, memory: Memory, signal: AbortSignal): Promise<Sent> {
  const intervalSeconds = STATUS_INTERVAL_S;
  try {
    if (isWorthAWrite(parts, memory)) {
      await write(parts, memory, false, signal);
      parts.count('Written');
    }
    parts.tell(undefined);
    return { pace: { kind: 'answered' }, intervalSeconds };
  } catch (error) {
    if (signal.aborted) return { pace: { kind: 'again' }, intervalSeconds };
    const { fault, pace } =
      error instanceof Refused ? judgeError(error.cause, parts.asking, 'ConnectorNotFound') : defect(error, parts);
    parts.count(fault.reason);
    parts.tell(fault);
    return { pace, intervalSeconds };
  }
}

/** What the client has thrown, and not our own code. */
class Refused extends Error {}

async function write(parts: StatusWriterParts, memory: Memory, stopping: boolean, signal: AbortSignal): Promise<void> {
  const connector = parts.connector();
  if (connector === undefined) return;
  const entry = entryNow(parts, memory.of(connector), stopping);
  const { apiVersion, kind } = CONNECTORS;
  const { namespace, connector: name } = parts.asking;
  const object = { apiVersion, kind, metadata: { name, namespace }, status: { instances: [entry] } };
  // Nobody else has an opinion on this entry; what a former version of this agent wrote under another name is taken over.
  const options = { manager: `mqttbridge-agent-${parts.instance}`, force: true, status: true };
  await parts.client.apply(CONNECTORS, object, options, signal).catch((error: unknown) => {
    throw new Refused('the entry was not written', { cause: error });
  });
  memory.wrote(connector, entry);
}

/** What is wrong with telling must not end what is told of. */
function defect(error: unknown, { logger, asking }: StatusWriterParts): Failure {
  logger.error({ evt: 'StatusFailed', error }, 'the entry of the status could not be made');
  return { fault: faultOf('StatusFailed', asking), pace: { kind: 'person' } };
}
