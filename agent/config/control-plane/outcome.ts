import { type ReportAnswer, reportAnswerSchema } from '../../../shared/api/report.ts';
import { ExchangeError, type RawAnswer } from './exchange.ts';
import { type ControlPlaneFault, type ControlPlaneReason, faultOf, type Naming } from './fault.ts';
import { networkFailure } from '../remote/network-error.ts';
import type { Pace } from '../remote/pace.ts';

/** What became of a report. */
export type Outcome =
  | { readonly kind: 'answered'; readonly answer: ReportAnswer }
  | { readonly kind: 'failed'; readonly fault: ControlPlaneFault; readonly pace: Pace };

/** What an answer means; whatever is in it, nothing is thrown. */
export function judgeAnswer(raw: RawAnswer, naming: Naming): Outcome {
  const { status } = raw;
  if (status === 200) return judgeBody(raw.body, naming);
  const failed = (reason: ControlPlaneReason, pace: Pace): Outcome => ({
    kind: 'failed',
    fault: faultOf(reason, naming, detailOf(raw)),
    pace,
  });
  if (status >= 300 && status < 400) return failed('ControlPlaneRedirected', { kind: 'person' });
  if (status === 401) return failed('ControlPlaneUnauthorized', { kind: 'refresh' });
  if (status === 403) return failed('ControlPlaneForbidden', { kind: 'refresh' });
  if (status === 404 || status === 405) return failed('ControlPlaneNotFound', { kind: 'person' });
  if (status === 429) return failed('ControlPlaneThrottled', waitOf(raw));
  if (status >= 500 || status === 408) return failed('ControlPlaneUnavailable', waitOf(raw));
  return failed(status >= 400 ? 'ControlPlaneRefused' : 'ControlPlaneAnswerInvalid', { kind: 'person' });
}

/** What it means that there was no answer. */
export function judgeFailure(error: unknown, naming: Naming): Outcome {
  const failed = (reason: ControlPlaneReason, detail?: string): Outcome => ({
    kind: 'failed',
    fault: faultOf(reason, naming, detail),
    pace: { kind: 'again' },
  });
  if (error instanceof ExchangeError) {
    return failed(error.kind === 'timeout' ? 'ControlPlaneTimeout' : 'ControlPlaneAnswerInvalid', error.message);
  }
  const { code, isTls } = networkFailure(error);
  return failed(isTls ? 'ControlPlaneTlsFailed' : 'ControlPlaneUnreachable', code);
}

function judgeBody(body: string, naming: Naming): Outcome {
  const parsed = reportAnswerSchema.safeParse(parseJson(body));
  if (parsed.success) return { kind: 'answered', answer: parsed.data };
  const [issue] = parsed.error.issues;
  // Of the answer's own words only names that the schema has.
  const where = issue === undefined || issue.path.length === 0 ? 'no JSON object' : String(issue.path[0]);
  const fault = faultOf('ControlPlaneAnswerInvalid', naming, where);
  return { kind: 'failed', fault, pace: { kind: 'again' } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 9110, 10.2.3: seconds or a date, which is compared with the answer's own date and never with our clock. */
function waitOf({ retryAfter, date }: RawAnswer): Pace {
  if (retryAfter === undefined) return { kind: 'again' };
  if (/^\d{1,9}$/.test(retryAfter)) return { kind: 'told', afterMs: Number(retryAfter) * 1_000 };
  const afterMs = Date.parse(retryAfter) - Date.parse(date ?? '');
  return Number.isFinite(afterMs) && afterMs > 0 ? { kind: 'told', afterMs } : { kind: 'again' };
}

/** Status and kind of problem (RFC 9457): no free text, since what is in between could quote our own header there. */
function detailOf({ status, body }: RawAnswer): string {
  const problem = parseJson(body);
  const type = typeof problem === 'object' && problem !== null && 'type' in problem ? problem.type : undefined;
  const kind = typeof type === 'string' ? /^urn:mqttbridge:problem:([a-z-]{1,40})$/.exec(type)?.[1] : undefined;
  return kind === undefined ? `HTTP ${status}` : `HTTP ${status}: ${kind}`;
}
