import { parseAllDocuments } from 'yaml';
import type { ReportAnswer } from '../../../../../shared/api/report.ts';
import { connectorYaml, SAMPLE, topicMapYaml } from '../../../cli/sample-config.ts';

/** The sample with another target. */
export const OTHER = `${connectorYaml()}---\n${topicMapYaml('bridge', 'plant/${inputTopic}')}`;
/** What a request to nobody fails with. */
export const UNREACHABLE = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

/** Resources of a YAML text, as the control plane hands them out. */
export function resourcesOf(text = SAMPLE): Record<string, unknown>[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Record<string, unknown>);
}

/** An answer that says: nothing new. */
export function answerOf(changes: Partial<ReportAnswer> = {}): ReportAnswer {
  const serverTime = '2026-06-01T12:00:00.000Z';
  return { serverTime, intervalSeconds: 30, tag: 't1', desired: { kind: 'current' }, ...changes };
}

/** An answer with the sample document, or another one, under this label. */
export function documentAnswer(revision: string, text = SAMPLE): ReportAnswer {
  return answerOf({ desired: { kind: 'document', revision, resources: resourcesOf(text) } });
}
