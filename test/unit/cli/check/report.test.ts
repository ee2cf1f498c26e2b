import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { asOpsCheck, opsCheckSchema } from '../../../../cli/check/as-object.ts';
import { inTime } from '../../../../cli/check/in-time.ts';
import { after, ended, finding, type Outcome, passed } from '../../../../cli/check/outcome.ts';
import { renderTable } from '../../../../cli/check/render-table.ts';
import { configurationFindings, reportOf } from '../../../../cli/check/report.ts';
import { checkReportSchema, type Finding } from '../../../../cli/check/report-schema.ts';
import { matchesName } from '../../../../cli/match-name.ts';
import { connectorDocument } from '../../../../shared/plan/document.ts';
import { sampleConnector } from '../../shared/sample.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const LOCAL = { check: 'subscribe', side: 'local' } as const;
const grant = (route: string): Finding =>
  finding(LOCAL, 'ok', { route, message: `Route ${route} may read x`, details: { source: 'x' } });
const WRONG = finding({ check: 'tcp', side: 'remote' }, 'error', {
  reason: 'ConnectionRefused',
  message: 'Nothing accepts connections\u001b[2J',
  advice: 'start it',
});
const LATE = finding({ check: 'loops' }, 'warning', { reason: 'HopCountImpossible', message: 'Nothing ends it' });
const checked = (findings: readonly Finding[], namespace?: string) => {
  const connector = sampleConnector();
  return {
    document: connectorDocument({ ...connector, metadata: { ...connector.metadata, namespace } }, []),
    findings,
  };
};

/** A report about one connector. */
function report(findings: readonly Finding[], namespace?: string) {
  const connectors = [checked(findings, namespace)];
  return { connectors, data: reportOf(configurationFindings([]), connectors, NOW) };
}

describe('report', () => {
  test('counts, takes the worst, and has the form that is promised', () => {
    const { data } = report([grant('a'), LATE, WRONG]);
    expect(checkReportSchema.parse(JSON.parse(JSON.stringify(data)))).toEqual(data);
    expect(data).toMatchObject({
      apiVersion: 'mqttbridge/v1',
      kind: 'CheckResult',
      time: '2026-11-23T12:00:00.000Z',
      status: 'error',
      counts: { ok: 2, warning: 1, error: 1, skipped: 0 },
      connectors: [{ name: 'bridge', status: 'error' }],
    });
    expect(report([LATE]).data.status).toBe('warning');
    expect(report([grant('a')]).data.status).toBe('ok');
  });

  // Whoever reads the JSON relies on it: a change that is not an addition needs another apiVersion.
  test('keeps its form', async () => {
    await expect(`${JSON.stringify(z.toJSONSchema(checkReportSchema), null, 2)}\n`).toMatchFileSnapshot(
      'check-result.schema.txt',
    );
  });

  test('shows the problems of the files where they are', () => {
    const problem = { file: 'a.yaml', line: 3, column: 5, path: 'spec.x', message: 'no', advice: 'yes' };
    expect(configurationFindings([{ rule: 'BC001', severity: 'error', ...problem }])).toEqual([
      {
        check: 'configuration',
        status: 'error',
        reason: 'BC001',
        message: 'a.yaml:3:5 BC001 spec.x: no.',
        advice: 'yes',
      },
    ]);
  });
});

describe('table', () => {
  const { data } = report([LATE, grant('a'), grant('b'), WRONG]);

  test('marks each line, groups by side, and has one line for routes that are all well', () => {
    expect(renderTable(data, 0)).toBe(`configuration
  [ok]   configuration The files are valid.

bridge
  [warn] loops         Nothing ends it.

bridge local
  [ok]   subscribe     2 routes may read their sources.

bridge remote
  [fail] tcp           Nothing accepts connections?[2J.
           try: start it

3 ok, 1 to look at, 1 failed, 0 skipped
`);
  });

  test('has a line for each route and the reasons at level 1, and what a verdict rests on at level 2', () => {
    expect(renderTable(data, 1)).toContain('Route a may read x.\n  [ok]   subscribe     Route b may read x.\n');
    expect(renderTable(data, 1)).toContain('try: start it\n           reason: ConnectionRefused\n');
    expect(renderTable(data, 2)).toContain('Route a may read x.\n           source: x\n');
  });
});

describe('form of az iot ops check', () => {
  test('has an evaluation of the status, one of the spec, and one for each finding', () => {
    const { data, connectors } = report([grant('a'), WRONG], 'factory');
    const object = asOpsCheck(data, connectors);
    expect(opsCheckSchema.parse(JSON.parse(JSON.stringify(object)))).toEqual(JSON.parse(JSON.stringify(object)));
    const [check] = object.postDeployment;
    expect(check).toMatchObject({ name: 'evalmqttbridgeconnectors', status: 'error' });
    const { factory } = check.targets['mqttbridgeconnectors.mq.iotoperations.azure.com'];
    expect(factory.conditions).toEqual(['status', 'valid(spec)', 'len(spec.instances)>=1']);
    expect(factory.evaluations).toMatchObject([
      { status: 'error', kind: 'mqttbridgeconnector', value: { configStatusLevel: 'Error' } },
      { status: 'success', name: 'bridge', value: { spec: { bridgeInstances: 1 } } },
      { status: 'success', value: { check: 'subscribe', side: 'local', route: 'a' } },
      { status: 'error', value: { check: 'tcp', reason: 'ConnectionRefused', advice: 'start it' } },
    ]);
  });

  test('is skipped without connectors, unless the files are not valid, and a warning is one', () => {
    const none = reportOf([], [], NOW);
    expect(asOpsCheck(none, []).postDeployment[0]).toMatchObject({ status: 'skipped', targets: {} });
    const invalid = reportOf([WRONG], [], NOW);
    expect(asOpsCheck(invalid, []).postDeployment[0]).toMatchObject({ status: 'error' });
    const { data, connectors } = report([LATE]);
    expect(asOpsCheck(data, connectors).postDeployment[0]).toMatchObject({ status: 'warning' });
  });
});

describe('a check behind another', () => {
  const { signal } = new AbortController();
  const subject = { check: 'connect', signal } as const;
  const run = (value: number): Outcome<number> => passed({ check: 'connect' }, value + 1, { message: 'On' });

  test('runs with what that one made', async () => {
    expect((await after(subject, Promise.resolve(passed({ check: 'tcp' }, 1, { message: 'Up' })), run)).value).toBe(2);
  });

  test('is skipped where it made nothing, and names the first that failed', async () => {
    const failed: Outcome<number> = ended({ check: 'dns' }, 'error', { message: 'No' });
    const tcp = after({ check: 'tcp', signal }, Promise.resolve(failed), run);
    const { findings } = await after(subject, tcp, run);
    expect(findings).toEqual([
      {
        check: 'connect',
        status: 'skipped',
        reason: 'NotChecked',
        message: 'Not checked, because dns failed.',
        details: { because: 'dns' },
      },
    ]);
  });

  test('does not begin when the time is up', async () => {
    const before = Promise.resolve(passed({ check: 'tcp' }, 1, { message: 'Up' }));
    const { findings, value } = await after({ check: 'connect', signal: AbortSignal.abort() }, before, run);
    expect([findings[0]?.status, findings[0]?.reason, value]).toEqual(['error', 'CheckTimeout', undefined]);
  });
});

test('an answer that does not come in time is an error as sockets have them', async () => {
  await expect(inTime(new Promise(() => undefined), 1)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  expect(await inTime(Promise.resolve(1), 60_000)).toBe(1);
});

test.each([
  ['my-*', 'my-bridge', true],
  ['my-*', 'amy-bridge', false],
  ['?', 'a', true],
  ['*', '', true],
  ['a.b', 'axb', false],
  ['(a|b)*', 'a', false],
])('pattern %s and name %s: %s', (pattern, name, matches) => {
  expect(matchesName(pattern, name)).toBe(matches);
});
