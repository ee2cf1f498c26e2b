import { type AgentReport, agentReportSchema, type ReportAnswer } from '../../shared/api/report.ts';
import { noteSessions } from '../signals/note-sessions.ts';
import type { ReportOutcome, StoredReport } from '../store/store.ts';
import type { Deps, Handler } from './contract.ts';
import { parseAs } from './parse-as.ts';
import { desiredDocument } from './report-document.ts';

/** Keeps a report and says what the agent is to run; two storage operations as long as nothing is new. */
export const takeReport: Handler = async (request, _caller, deps) => {
  const read = parseAs(agentReportSchema, request);
  if (read.kind === 'refused') return read.response;
  const report = read.value;
  const { site = '', connector = '', instance = '' } = request.params;
  const { bridges, reports } = deps.stores;
  const receivedAt = new Date(deps.now()).toISOString();
  const stored: StoredReport = { connector, instance, receivedAt, report };
  const [wanted, outcome] = await Promise.all([bridges.readDesired(site, connector), reports.put(site, stored)]);
  const isNew = wanted !== undefined && wanted.revision !== newestSeen(report);
  const [desired] = await Promise.all([
    isNew
      ? desiredDocument(bridges, site, connector)
      : ({ kind: wanted === undefined ? 'undefined' : 'current' } as const),
    pass(stored, { site, outcome, isDefined: wanted !== undefined }, deps),
  ]);
  const answer: ReportAnswer = {
    serverTime: receivedAt,
    intervalSeconds: deps.settings.MQTTBRIDGE_REPORT_INTERVAL_SECONDS,
    ...tagOf(report, outcome),
    desired,
  };
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: { json: answer } };
};

/** A rejected revision is always newer than the one in force; what an agent has rejected is not sent again. */
function newestSeen({ document }: AgentReport): string | undefined {
  return document.rejected?.revision ?? document.revision;
}

/** Whoever is superseded keeps the tag it has: with the newer one it would overwrite the newer report. */
function tagOf({ tag = '' }: AgentReport, outcome: ReportOutcome): Pick<ReportAnswer, 'tag' | 'superseded'> {
  return outcome.kind === 'stored' ? { tag: outcome.tag } : { tag, superseded: true };
}

/** What became of a report. */
interface Kept {
  readonly site: string;
  readonly outcome: ReportOutcome;
  readonly isDefined: boolean;
}

/** Tells those who judge health; what fails here costs them time and the agent nothing. */
async function pass(stored: StoredReport, { site, outcome, isDefined }: Kept, deps: Deps): Promise<void> {
  if (outcome.kind === 'superseded') return;
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      deps.log?.('report_hint_failed', { site, error: error instanceof Error ? error.message : String(error) });
    }
  };
  // Where nothing is defined only reports make a site known, and the first one of all may not have got that far.
  if (outcome.first || (!isDefined && stored.report.tag === undefined)) {
    await attempt(() => deps.stores.bridges.register(site));
    await attempt(() => deps.trigger.ensure(site));
  }
  if (!stored.report.changed) return;
  await attempt(() => noteSessions(deps.stores, site, stored));
  await attempt(() => deps.trigger.hint(site));
}
