import { setImmediate as turn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { ControlPlaneCredentialError } from '../../../../../agent/config/control-plane/credentials.ts';
import type { Exchange, RawAnswer } from '../../../../../agent/config/control-plane/exchange.ts';
import { type ControlPlaneSource, createControlPlaneSource } from '../../../../../agent/config/control-plane/source.ts';
import type { ConfigUpdate } from '../../../../../agent/config/source.ts';
import { createLogger } from '../../../../../agent/observe/logger.ts';
import type { AgentSnapshot } from '../../../../../agent/observe/snapshot.ts';
import { type AgentReport, agentReportSchema, type ReportAnswer } from '../../../../../shared/api/report.ts';
import { createManualClock } from '../../../../integration/broker/support/manual-clock.ts';
import { snapshotOf } from '../../observe/snapshot-of.ts';
import { answerOf, documentAnswer } from './sample-answers.ts';

/** A control plane that wants one revision to run, as the real one does. */
export function wanting(wanted: { revision: string; text: string }): NonNullable<StartOptions['reply']> {
  return ({ document }) => {
    const known = document.rejected?.revision ?? document.revision;
    return known === wanted.revision ? answerOf() : documentAnswer(wanted.revision, wanted.text);
  };
}

/** What the control plane does with a report. */
export type Reply = Partial<RawAnswer> | ReportAnswer | Error | Promise<Partial<RawAnswer>>;

export interface StartOptions {
  readonly reply?: (report: AgentReport, authorization: string) => Reply;
  readonly dataDir?: string;
  /** Undefined: there is none now. */
  readonly key?: () => string | undefined;
  /** By how much the machine's clock is wrong, in milliseconds. */
  readonly skew?: number;
  readonly instance?: number;
  /** Until the consumer may go on; called for each update. */
  readonly apply?: (update: ConfigUpdate) => Promise<void>;
}

/** A source whose control plane is a function and whose clock stands still; random is 0, so nothing jitters. */
export function startSource(options: StartOptions = {}) {
  const { reply = () => answerOf(), key = () => 'key', skew = 0, apply, dataDir, instance } = options;
  const clock = createManualClock();
  const ending = new AbortController();
  const reports: AgentReport[] = [];
  const updates: ConfigUpdate[] = [];
  const log: Record<string, unknown>[] = [];
  const state: { snapshot: AgentSnapshot } = { snapshot: snapshotOf() };
  let compressing = false;
  const wallClock = () => Date.parse('2026-06-01T12:00:00.000Z') + skew + clock.now();
  const source = createControlPlaneSource({
    url: new URL('https://cp.example.net/'),
    site: 'plant',
    connector: 'bridge',
    instance,
    dataDir,
    clock,
    random: () => 0,
    wallClock,
    version: '1.2.3',
    snapshot() {
      try {
        return state.snapshot;
      } catch (error) {
        compressing = false;
        throw error;
      }
    },
    logger: createLogger({
      level: 'debug',
      destination: { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) },
      now: () => clock.now(),
      wallClock: () => new Date(wallClock()),
    }),
    credentials: {
      async authorization() {
        const value = key();
        if (value === undefined) throw new ControlPlaneCredentialError('ControlPlaneKeyUnreadable', 'ENOENT');
        compressing = true;
        return { value };
      },
      refused: () => undefined,
    },
    exchange: scriptedExchange(reply, (report) => {
      compressing = false;
      reports.push(report);
    }),
  });
  const ended = consume(source, ending.signal, updates, apply);
  onTestFinished(async () => {
    ending.abort();
    await ended;
  });
  return { source, clock, reports, updates, log, state, ending, ended, passUntil: passUntil(clock, () => compressing) };
}

function scriptedExchange(
  reply: NonNullable<StartOptions['reply']>,
  received: (report: AgentReport) => void,
): Exchange {
  return {
    async post({ body, authorization, signal }) {
      const report = agentReportSchema.parse(JSON.parse(gunzipSync(body).toString()));
      received(report);
      const aborted = Promise.withResolvers<Error>();
      signal.addEventListener('abort', () => aborted.resolve(new Error('aborted')));
      return rawOf(await Promise.race([reply(report, authorization), aborted.promise]));
    },
    close: () => undefined,
  };
}

function rawOf(reply: Awaited<Reply>): RawAnswer {
  if (reply instanceof Error) throw reply;
  const answer = 'serverTime' in reply ? { status: 200, body: JSON.stringify(reply) } : reply;
  return { status: 200, retryAfter: undefined, date: undefined, body: '', ...answer };
}

async function consume(
  source: ControlPlaneSource,
  signal: AbortSignal,
  updates: ConfigUpdate[],
  apply: StartOptions['apply'],
): Promise<void> {
  for await (const update of source.updates(signal)) {
    updates.push(update);
    await apply?.(update);
  }
}

/**
 * Lets time pass in steps of a tenth of a second until a condition holds; how many seconds that took. Time stands still
 * while a report is compressed, which a thread of its own does.
 */
function passUntil(clock: ReturnType<typeof createManualClock>, busy: () => boolean) {
  return async (condition: () => unknown): Promise<number> => {
    const began = clock.now();
    const deadline = performance.now() + 10_000;
    await turn();
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`not true after ${(clock.now() - began) / 1_000} s`);
      if (!busy()) clock.advance(100);
      await turn();
    }
    return (clock.now() - began) / 1_000;
  };
}
