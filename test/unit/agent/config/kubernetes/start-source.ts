import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { createKubernetesSource } from '../../../../../agent/config/kubernetes/source.ts';
import type { ConfigUpdate } from '../../../../../agent/config/source.ts';
import { createLogger } from '../../../../../agent/observe/logger.ts';
import type { AgentSnapshot } from '../../../../../agent/observe/snapshot.ts';
import type { StoredObject } from '../../../../../kubernetes/object.ts';
import { createManualClock } from '../../../../integration/broker/support/manual-clock.ts';
import { snapshotOf } from '../../observe/snapshot-of.ts';
import { handServer } from './hand-server.ts';

/** How a source under test is started. */
export interface StartOptions {
  readonly dataDir?: string;
  readonly objects?: readonly StoredObject[];
  readonly broken?: Error;
}

/** A source with an API server by hand, whose clock stands still; random is 0. */
export function startSource({ dataDir, objects = [], broken }: StartOptions = {}) {
  const clock = createManualClock();
  const ending = new AbortController();
  const updates: ConfigUpdate[] = [];
  const log: Record<string, unknown>[] = [];
  const state: { snapshot: AgentSnapshot } = { snapshot: snapshotOf({ config: { generation: 0, rejectedTotal: 0 } }) };
  const wallClock = () => Date.parse('2026-06-01T12:00:00.000Z') + clock.now();
  const { server, client } = handServer(() => clock.now(), objects);
  server.broken = broken;
  const source = createKubernetesSource({
    client,
    origin: 'https://api.test',
    namespace: 'plant',
    connector: 'bridge',
    dataDir,
    clock,
    random: () => 0,
    wallClock,
    snapshot: () => ({ ...state.snapshot, ...source.snapshot() }),
    logger: createLogger({
      level: 'debug',
      destination: { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) },
      now: () => clock.now(),
      wallClock: () => new Date(wallClock()),
    }),
  });
  const consume = async () => {
    for await (const update of source.updates(ending.signal)) {
      updates.push(update);
      state.snapshot = taken(state.snapshot, update);
    }
  };
  const ended = consume();
  onTestFinished(async () => {
    ending.abort();
    await ended;
  });
  /** Lets time pass in steps of a twentieth of a second. */
  const pass = async (seconds: number) => {
    await settle();
    for (let left = seconds * 20; left > 0; left--) {
      clock.advance(50);
      await settle();
    }
  };
  /** The same until a condition holds; how many seconds that took. */
  const passUntil = async (condition: () => unknown) => {
    const began = clock.now();
    // The disk keeps no virtual time: how much of that passes until it has answered, nobody knows.
    const deadline = performance.now() + 10_000;
    await settle();
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`not true: ${JSON.stringify(log)}`);
      clock.advance(50);
      await settle();
    }
    return (clock.now() - began) / 1_000;
  };
  return { source, server, updates, log, state, ending, ended, pass, passUntil };
}

/** The file system has its turns, too. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await turn();
}

function taken(snapshot: AgentSnapshot, update: ConfigUpdate): AgentSnapshot {
  const { rejected: _, ...config } = snapshot.config;
  if (update.kind === 'document') return { ...snapshot, config: { ...config, revision: update.document.revision } };
  const { revision, problems } = update;
  return { ...snapshot, config: { ...config, rejected: { revision, at: '', problems } } };
}
