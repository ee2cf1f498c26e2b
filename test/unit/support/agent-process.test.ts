import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../../support/agent-process.ts';
import { parseMetrics, sumMetric } from '../../support/metrics-text.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

// Stands in for cli/main.ts: it keeps to the command line and the once-ready file, and nothing else.
const STAND_IN = `
  import { writeFileSync } from 'node:fs';
  import { createServer } from 'node:http';
  const option = (name) => process.argv[process.argv.indexOf(name) + 1];
  if (option('-f') === 'bad') {
    console.error('bad configuration');
    process.exit(2);
  }
  const [host, port] = option('--http').split(':');
  const pages = {
    '/status': JSON.stringify({ args: process.argv.slice(2), secret: process.env.SECRET }),
    '/metrics': '# TYPE a counter\\na_total{route="x"} 2\\na_total{route="y"} 3\\n',
  };
  const server = createServer((request, response) => {
    response.statusCode = request.url in pages ? 200 : 404;
    response.end(pages[request.url]);
  });
  server.listen(Number(port), host, () => {
    console.log(JSON.stringify({ evt: 'started' }));
    console.log('not json');
    writeFileSync(option('--once-ready'), JSON.stringify({ http: host + ':' + port }));
  });
  process.once('SIGTERM', () => process.exit(0));
`;

async function start(t: Scope, config: string) {
  const entry = join(await createTempDir(t), 'main.mjs');
  await writeFile(entry, STAND_IN);
  return startAgent(t, { config, entry, instance: 1, secretsDir: 'secrets', env: { SECRET: 's' } });
}

test('agent process - becomes ready, answers, and ends by SIGTERM with its exit code', async (t) => {
  const agent = await start(t, 'folder');
  await agent.ready();
  const args = ['--secrets-dir', 'secrets', '--instance', '1'];
  expect(await agent.status()).toMatchObject({ args: expect.arrayContaining(args) as unknown, secret: 's' });
  expect(sumMetric(await agent.metrics(), 'a_total')).toBe(5);
  expect((await agent.get('/nothing')).status).toBe(404);
  expect(agent.logs()).toEqual([{ evt: 'started' }]);
  expect(await agent.term()).toEqual({ code: 0, signal: null });
  expect(agent.running()).toBe(false);
});

test('agent process - can be killed', async (t) => {
  const agent = await start(t, 'folder');
  await agent.ready();
  expect(await agent.kill9()).toEqual({ code: null, signal: 'SIGKILL' });
  await expect(agent.status()).rejects.toThrow();
});

test('agent process - shows its output when it ends before it is ready', async (t) => {
  const agent = await start(t, 'bad');
  await expect(agent.ready()).rejects.toThrow('bad configuration');
  expect(await agent.exit).toEqual({ code: 2, signal: null });
});

test('metrics text - reads names, labels with escapes, and special values', () => {
  const samples = parseMetrics('# HELP a b\na 1\nb{x="q\\"\\n",y="2"} +Inf\nc{} 1e3 1700000000\n');
  expect(samples).toEqual([
    { name: 'a', labels: {}, value: 1 },
    { name: 'b', labels: { x: 'q"\n', y: '2' }, value: Number.POSITIVE_INFINITY },
    { name: 'c', labels: {}, value: 1000 },
  ]);
  expect(sumMetric(samples, 'b', { y: '3' })).toBe(0);
  expect(() => parseMetrics('nonsense')).toThrow('not a metric');
});
