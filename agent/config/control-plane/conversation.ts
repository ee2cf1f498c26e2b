import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { REPORT_INTERVAL_SECONDS, type ReportAnswer } from '../../../shared/api/report.ts';
import type { Logger } from '../../observe/logger.ts';
import type { AgentSnapshot, ControlPlaneSnapshot } from '../../observe/snapshot.ts';
import type { DocumentState } from '../remote/ledger.ts';
import { ControlPlaneCredentialError, type ControlPlaneCredentials } from './credentials.ts';
import type { Exchange } from './exchange.ts';
import { faultOf, type Naming } from './fault.ts';
import { judgeAnswer, judgeFailure, type Outcome } from './outcome.ts';
import { buildReport, stateDigest } from './report.ts';
import { createStanding } from './standing.ts';

/** What a conversation with the control plane is made of. */
export interface ConversationParts {
  readonly naming: Naming;
  /** Random UUID of this run of the process. */
  readonly run: string;
  readonly credentials: ControlPlaneCredentials;
  readonly exchange: Exchange;
  readonly snapshot: () => AgentSnapshot;
  readonly logger: Logger;
  /** Milliseconds since 1970, UTC: only to tell people when something was. */
  readonly wallClock: () => number;
}

/** Reports and their answers, one after the other. */
export interface Conversation {
  /** Sends one report; whatever goes wrong is an outcome. */
  report(document: DocumentState, signal: AbortSignal): Promise<Outcome>;
  /** Whether the state is another one than the last answered report says. */
  differs(document: DocumentState): boolean;
  readonly intervalSeconds: number;
  snapshot(): Omit<ControlPlaneSnapshot, 'revision' | 'documentFrom'>;
}

/** What the last answered report and its answer left behind. */
interface Answered {
  readonly answer: ReportAnswer;
  readonly digest: string;
  /** By how much the clock of this machine was ahead, in seconds. */
  readonly clockOffset: number;
}

const compress = promisify(gzip);

/** Remembers its parts; nothing is sent before the first `report`. */
export function createConversation(parts: ConversationParts): Conversation {
  const { naming, run, credentials, exchange, snapshot, wallClock } = parts;
  const standing = createStanding({ ...parts, date: () => new Date(wallClock()).toISOString() });
  let sequence = 0;
  let answered: Answered | undefined;

  const interval = (): number => answered?.answer.intervalSeconds ?? REPORT_INTERVAL_SECONDS.default;

  function build(document: DocumentState) {
    const told = { tag: answered?.answer.tag, answered: answered?.digest };
    return buildReport(snapshot(), { run, sequence, ...told, intervalSeconds: interval(), document });
  }

  async function send(document: DocumentState, signal: AbortSignal): Promise<Outcome> {
    sequence++;
    const { value: authorization } = await credentials.authorization();
    const { text, digest } = build(document);
    const body = await compress(text);
    const outcome = await exchange.post({ body, authorization, signal }).then(
      (raw) => judgeAnswer(raw, naming),
      (error: unknown) => judgeFailure(error, naming),
    );
    if (outcome.kind === 'answered') {
      const { answer } = outcome;
      answered = { answer, digest, clockOffset: (wallClock() - Date.parse(answer.serverTime)) / 1_000 };
    } else if (outcome.pace.kind === 'refresh') credentials.refused();
    return outcome;
  }

  return {
    async report(document, signal) {
      const outcome = await send(document, signal).catch((error: unknown) => failure(error, parts));
      if (!signal.aborted) standing.note(outcome);
      return outcome;
    },
    differs(document) {
      try {
        return stateDigest(snapshot(), document) !== answered?.digest;
      } catch (error) {
        // What is wrong with telling must not end what is told of.
        tellDefect(error, parts);
        return false;
      }
    },
    get intervalSeconds() {
      return interval();
    },
    snapshot: () => ({
      url: naming.origin,
      site: naming.site,
      intervalSeconds: interval(),
      ...standing.snapshot(),
      ...(answered && {
        answeredAt: answered.answer.serverTime,
        clockOffsetSeconds: Math.round(answered.clockOffset),
      }),
    }),
  };
}

function failure(error: unknown, parts: ConversationParts): Outcome {
  const { naming } = parts;
  if (error instanceof ControlPlaneCredentialError) {
    return { kind: 'failed', fault: faultOf(error.reason, naming, error.message), pace: { kind: 'again' } };
  }
  tellDefect(error, parts);
  return { kind: 'failed', fault: faultOf('ReportFailed', naming), pace: { kind: 'person' } };
}

function tellDefect(error: unknown, { logger }: ConversationParts): void {
  logger.error({ evt: 'ReportFailed', error }, 'a report could not be made');
}
