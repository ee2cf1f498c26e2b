import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { REPORT_INTERVAL_SECONDS } from '../../../shared/api/report.ts';
import { MAX_LANES } from '../../../shared/plan/plan.ts';
import { DISCONNECTIONS } from '../../../shared/health/disconnections.ts';
import { HEALTH_REASONS } from '../../../shared/health/reasons.ts';
import { REASON_CODES } from '../../../shared/reason-codes.ts';
import { EXCHANGE_LIMITS } from '../../../agent/config/control-plane/exchange.ts';
import { START_PATIENCE_MS } from '../../../agent/config/remote/stream.ts';
import { PATIENCE_MS } from '../../../agent/drain.ts';
import { HIGHEST_PUBLISH_ID } from '../../../agent/forward/packet-ids.ts';
import { TOPIC_ALIAS_MAXIMUM } from '../../../agent/session/connect-options.ts';
import { DEFAULT_VAULT_PACE } from '../../../agent/session/credentials/vault/vault-schedule.ts';
import { VAULT_CALL_TIMEOUT_MS } from '../../../agent/session/credentials/vault/vault-source.ts';
import { DEFAULT_TIMING } from '../../../agent/session/timing.ts';
import { CLIENT_LIMITS } from '../../../kubernetes/http-client.ts';
import { collectBlocks, readPage, ROOT, tableUnder } from './pages.ts';
import { reasonCodeRows } from './reason-table.ts';

const page = await readPage('docs/operations.md');
const source = (path: string) => readFile(join(ROOT, path), 'utf8');
const firstCells = (heading: string) => tableUnder(page, heading).map((cells) => cells[0] ?? '');
const literals = (text: string) => [...text.matchAll(/'([A-Za-z0-9_]+)'/g)].map((match) => match[1] ?? '');

/** Members of a union of string literals, read from the source: types leave no trace at run time. */
async function unionIn(path: string, name: string): Promise<string[]> {
  const body = new RegExp(`type ${name} =([^;]*);`).exec(await source(path))?.[1];
  if (body === undefined) throw new Error(`${path} has no type ${name}`);
  return literals(body);
}

async function sessionReasons(): Promise<string[]> {
  const faults = await source('agent/session/faults.ts');
  const control = /failed\(reason: ([^,]*),/.exec(await source('agent/session/mqtt-client.ts'))?.[1] ?? '';
  return [...faults.matchAll(/reason: '(\w+)'/g)].map((match) => match[1] ?? '').concat(literals(control));
}

describe('the tables of docs/operations.md', () => {
  test('reason codes of the broker are those of shared/reason-codes.ts', () => {
    const section = page.split('### Reason codes of the broker')[1]?.split('\n### ')[0] ?? '';
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows).toEqual(reasonCodeRows());
  });

  test('reasons of connection, session and credentials are all that the agent can give, and no others', async () => {
    const wire = await unionIn('agent/session/wire/fault.ts', 'WireFaultReason');
    expect(firstCells('### Connection').sort()).toEqual(wire.sort());

    const credentials = [
      ...(await unionIn('agent/session/credentials/credential-error.ts', 'CredentialReason')),
      ...(await unionIn('agent/config/mounted-files.ts', 'MountedFileReason')),
      'CredentialsFailed',
    ];
    expect(firstCells('### Credentials').sort()).toEqual(credentials.sort());

    const named = new Set([...wire, ...credentials]);
    const rest = (await sessionReasons()).filter((reason) => !named.has(reason));
    expect(firstCells('### Session').sort()).toEqual([...new Set(rest)].sort());
    expect(page).toContain('`Unknown` stands for a code');
    expect(REASON_CODES.map(({ name }) => name)).not.toContain('Unknown');
  });

  test('reasons of the check are those it gives and nobody else', async () => {
    const files = (await readdir(join(ROOT, 'cli/check'))).map((name) => source(`cli/check/${name}`));
    const text = (await Promise.all(files)).join('\n');
    const given = new Set([...text.matchAll(/reason: '(\w+)'/g)].map((match) => match[1] ?? ''));
    const elsewhere = [...firstCells('### Session'), ...firstCells('### Credentials'), 'QuotaExceeded'];
    for (const reason of elsewhere) given.delete(reason);
    expect(firstCells('### Check').sort()).toEqual([...given].sort());
  });

  test('reasons of the control plane and of Event Grid are those of shared/health, in its words', () => {
    const rows = (of: Readonly<Record<string, { message: string; fix: string }>>) =>
      Object.entries(of).map(([reason, { message, fix }]) => [reason, message, fix.replaceAll('`', '')]);
    const shown = (heading: string) =>
      tableUnder(page, heading).map(([reason, message, fix = '']) => [reason, message, fix.replaceAll('`', '')]);
    expect(shown('### Health')).toEqual(rows(HEALTH_REASONS));
    expect(shown('### Closed by Event Grid')).toEqual(rows(DISCONNECTIONS));
  });

  test('reasons of the control plane are those of the agent', async () => {
    const reasons = await unionIn('agent/config/control-plane/fault.ts', 'ControlPlaneReason');
    expect(firstCells('### Control plane').sort()).toEqual(reasons.sort());
  });

  test('reasons of the API server are those of the agent', async () => {
    const reasons = await unionIn('agent/config/kubernetes/fault.ts', 'ApiServerReason');
    expect(firstCells('### API server').sort()).toEqual(reasons.sort());
  });

  test('drop and retry reasons are those of the counters', async () => {
    const drops = tableUnder(page, '## Drop reasons').map((cells) => cells[0] ?? '');
    const at = drops.indexOf('Retry reason');
    // The second table's head row is below its own separator, which the first table's rule does not cut off.
    expect(drops.slice(0, at).sort()).toEqual((await unionIn('agent/forward/counters.ts', 'DropReason')).sort());
    expect(drops.slice(at + 2).sort()).toEqual((await unionIn('agent/forward/counters.ts', 'RetryReason')).sort());
  });

  test('log events are those of the code, at their levels', async () => {
    const files = await Promise.all(
      ['agent', 'cli', 'kubernetes'].map(async (folder) =>
        (await readdir(join(ROOT, folder), { recursive: true }))
          .filter((name) => name.endsWith('.ts'))
          .map((name) => source(`${folder}/${name}`)),
      ),
    );
    const text = (await Promise.all(files.flat())).join('\n');
    const logged = [...text.matchAll(/(?:[lL]ogger\.(\w+)\(\s*|level: '(\w+)',[^}]*?)\{?\s*evt: '(\w+)'/g)];
    const events = new Map(logged.map(([, method, level, evt]) => [evt ?? '', method ?? level ?? '']));
    const all = new Set([...text.matchAll(/evt: '(\w+)'/g)].map((match) => match[1] ?? ''));
    const rows = tableUnder(page, '## Log events');
    expect(rows.map((cells) => cells[0] ?? '').sort()).toEqual([...all].sort());
    for (const [evt, level] of rows) expect([evt, events.get(evt ?? '')]).toEqual([evt, level]);
  });

  test('limits are those of the code', () => {
    const limits = new Map(tableUnder(page, '## Limits').map(([what, limit]) => [what, limit]));
    const seconds = (milliseconds: number) => `${milliseconds / 1000} s`;
    const grouped = (value: number) => value.toLocaleString('en-US');
    expect(limits.get('Clients of a connector')).toBe(grouped(MAX_LANES));
    expect(limits.get('Messages in flight per session')).toContain(grouped(HIGHEST_PUBLISH_ID));
    expect(limits.get('Topic aliases that a source may use')).toBe(String(TOPIC_ALIAS_MAXIMUM));
    expect(limits.get('CONNACK')).toBe(seconds(DEFAULT_TIMING.connectTimeoutMs));
    expect(limits.get('DNS, TCP, TLS and WebSocket together')).toBe(seconds(DEFAULT_TIMING.connectTimeoutMs));
    expect(limits.get('Acknowledgement of a message')).toBe(seconds(DEFAULT_TIMING.ackTimeoutMs));
    const { everyMs, freshMs, waitMs, retryMs } = DEFAULT_VAULT_PACE;
    const look = limits.get('Look at a key vault');
    expect(look).toContain(`every ${everyMs / 60_000} min`);
    expect(look).toContain(`older than ${seconds(freshMs)}, and then for ${seconds(waitMs)} at most`);
    const again = limits.get('Look at a key vault again after a failure');
    expect(again).toContain(`${seconds(retryMs)} at first`);
    expect(again).toContain(`up to ${everyMs / 60_000} min`);
    expect(limits.get('One call to a key vault, log-on included')).toBe(seconds(VAULT_CALL_TIMEOUT_MS));
    expect(limits.get('Report to the control plane')).toContain(`every ${REPORT_INTERVAL_SECONDS.default} s`);
    const { timeoutMs, answerBytes } = EXCHANGE_LIMITS;
    expect(limits.get('One report, answer included')).toBe(
      `${seconds(timeoutMs)}; an answer of ${answerBytes / 1024 / 1024} MiB`,
    );
    const { callMs, answerBytes: most, watchSeconds, silenceMs } = CLIENT_LIMITS;
    expect(limits.get('One call to an API server, log-on included')).toBe(
      `${seconds(callMs)}; an answer of ${most / 1024 / 1024} MiB`,
    );
    expect(limits.get('Watch at an API server')).toContain(`asked for ${watchSeconds} to ${2 * watchSeconds} s`);
    expect(limits.get('Watch at an API server')).toContain(`given up ${seconds(silenceMs)} after`);
    expect(limits.get('Start: wait for control plane or API server before the definition on disk is used')).toBe(
      seconds(START_PATIENCE_MS),
    );
    expect(limits.get('Reload: finish what is in flight of a changed or removed session')).toBe(seconds(PATIENCE_MS));
  });

  test('alerts use metrics, labels and drop reasons that exist', async () => {
    const reference = await readPage('docs/reference/metrics.md');
    const metrics = new Set([...reference.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? ''));
    const block = (await collectBlocks('yaml')).find(({ marks }) => marks.has('alerts'));
    const { groups } = parse(block?.text ?? '') as { groups: { rules: { alert: string; expr: string }[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules).toHaveLength(new Set(rules.map(({ alert }) => alert)).size);
    for (const { expr } of rules) {
      const used = expr.match(/mqttbridge_\w+/g) ?? [];
      expect(used.length, expr).toBeGreaterThan(0);
      for (const name of used) expect(metrics, expr).toContain(name);
    }
    const drops = await unionIn('agent/forward/counters.ts', 'DropReason');
    const excluded = /reason!~"([^"]*)"/.exec(rules.map(({ expr }) => expr).join())?.[1]?.split('|') ?? [];
    for (const reason of excluded) expect(drops).toContain(reason);
  });
});

const LINKED = [
  'docs/guide.md',
  'docs/operations.md',
  'docs/deploy.md',
  'docs/deploy-kubernetes.md',
  'docs/deploy-container.md',
  'examples/README.md',
];

test('links between pages lead to files and headings that exist', async () => {
  for (const from of LINKED) {
    const text = await readPage(from);
    for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const to = join(ROOT, path === '' ? from : join(from, '..', path));
      const linked = await readFile(to, 'utf8').catch((error: NodeJS.ErrnoException) => error.code);
      expect([from, target, linked]).not.toContain('ENOENT');
      if (anchor !== undefined)
        expect([from, anchorsOf(linked ?? '')]).toEqual([from, expect.arrayContaining([anchor])]);
    }
  }
});

/** Anchors as GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
