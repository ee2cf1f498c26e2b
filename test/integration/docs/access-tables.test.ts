import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TOLERANCE_SECONDS } from '../../../functions/auth/entra-token.ts';
import { GRANT_PACE } from '../../../functions/auth/grant-lookup.ts';
import { SIGNING_KEY_PACE } from '../../../functions/auth/signing-keys.ts';
import { operations } from '../../../functions/http/operations.ts';
import { WINDOW_SECONDS } from '../../../functions/http/rate-limit.ts';
import { settingsSchema } from '../../../functions/wiring/settings.ts';
import { MAX_GRANTS } from '../../../shared/api/grants.ts';
import { readPage, ROOT, tableUnder } from './pages.ts';

const page = await readPage('docs/control-plane.md');

/** What each path needs: anybody, Read, Write, Agent or Admin. */
function operationRows(): string[][] {
  const paths = [...new Set(operations.map(({ path }) => path))];
  const columns = [['liveness', 'public'], ['Bridge.Read'], ['Bridge.Write'], ['Bridge.Agent'], ['Bridge.Admin']];
  return paths.map((path) => {
    const here = operations.filter((operation) => operation.path === path);
    const methods = (roles: readonly string[]) => here.filter(({ role }) => roles.includes(role));
    return [
      path,
      ...columns.map((roles) =>
        methods(roles)
          .map(({ method }) => method)
          .join(', '),
      ),
    ];
  });
}

test('the table of operations has all of them, with the role that each needs', () => {
  const byPath = (one: string[], other: string[]) => (one[0] ?? '').localeCompare(other[0] ?? '');
  expect(tableUnder(page, '### Operations').sort(byPath)).toEqual(operationRows().sort(byPath));
});

test('times and numbers of access are those of the code', () => {
  const numbers = Object.fromEntries(tableUnder(page, '### Numbers'));
  const inMinutes = (ms: number) => `${ms / 60_000} min`;
  const inSeconds = (ms: number) => `${ms / 1000} s`;
  const perSecond = settingsSchema.parse({}).MQTTBRIDGE_REQUESTS_PER_SECOND;
  expect(numbers).toEqual({
    'A deleted grant works on, in other processes of the app': `at most ${inMinutes(GRANT_PACE.keptMs)}`,
    'A new grant works in all processes': `after at most ${inSeconds(GRANT_PACE.lookAgainMs)}; a further one of the same principal after at most ${inMinutes(GRANT_PACE.keptMs)}`,
    'Reads of grants from the store': `one per site and ${inMinutes(GRANT_PACE.keptMs)}; of sites without any at most ${GRANT_PACE.readsPerSecond} per second`,
    'Grants of a site': MAX_GRANTS.toLocaleString('en-US'),
    'Clocks of authority and app may differ by': `${TOLERANCE_SECONDS} s`,
    'A signing key that was withdrawn is believed': `at most ${inMinutes(SIGNING_KEY_PACE.refreshMs)}`,
    'Known signing keys serve while the authority is away': `${SIGNING_KEY_PACE.keepMs / 3_600_000} h`,
    'Looks at the signing keys for unknown key IDs': `one per ${inSeconds(SIGNING_KEY_PACE.cooldownMs)}`,
    'Requests of one caller':
      `${perSecond} per second over ${WINDOW_SECONDS} s (\`MQTTBRIDGE_REQUESTS_PER_SECOND\`), then 429`.replaceAll(
        '`',
        '',
      ),
  });
});

test('log events of access are those of the code', async () => {
  const folder = join(ROOT, 'functions/auth');
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
  const logged = [...files.join('\n').matchAll(/\blog\('(\w+)'/g)].map((match) => match[1] ?? '');
  expect(
    tableUnder(page, '### What the log says')
      .map(([event]) => event)
      .sort(),
  ).toEqual(logged.sort());
});
