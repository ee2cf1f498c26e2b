import type { Problem } from '../../shared/problem.ts';
import type { ConnectorDocument } from '../../shared/plan/document.ts';
import { finding } from './outcome.ts';
import type { CheckReport, CheckStatus, Finding } from './report-schema.ts';

/** What one connector's checks found. */
export interface CheckedConnector {
  readonly document: ConnectorDocument;
  readonly findings: readonly Finding[];
}

/** Everything found, as one report. */
export function reportOf(
  configuration: readonly Finding[],
  connectors: readonly CheckedConnector[],
  time: Date,
): CheckReport {
  const all = [...configuration, ...connectors.flatMap(({ findings }) => findings)];
  const count = (status: CheckStatus) => all.filter((one) => one.status === status).length;
  return {
    apiVersion: 'mqttbridge/v1',
    kind: 'CheckResult',
    time: time.toISOString(),
    status: worst(all),
    counts: { ok: count('ok'), warning: count('warning'), error: count('error'), skipped: count('skipped') },
    configuration: [...configuration],
    connectors: connectors.map(({ document: { connector }, findings }) => ({
      name: connector.metadata.name,
      ...(connector.metadata.namespace !== undefined && { namespace: connector.metadata.namespace }),
      status: worst(findings),
      findings: [...findings],
    })),
  };
}

/** Findings about the files: each problem, or that there is none. */
export function configurationFindings(problems: readonly Problem[]): Finding[] {
  const subject = { check: 'configuration' } as const;
  if (problems.length === 0) return [finding(subject, 'ok', { message: 'The files are valid' })];
  return problems.map(({ rule, severity, file, line, column, path, message, advice }) => {
    const where = `${file}:${line}:${column}`;
    return finding(subject, severity, {
      reason: rule,
      message: `${where} ${rule}${path === '' ? '' : ` ${path}`}: ${message}`,
      advice,
    });
  });
}

function worst(findings: readonly Finding[]): CheckReport['status'] {
  for (const status of ['error', 'warning'] as const) if (findings.some((one) => one.status === status)) return status;
  return 'ok';
}
