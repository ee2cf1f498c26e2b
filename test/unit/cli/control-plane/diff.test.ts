import { describe, expect, test } from 'vitest';
import { BROKEN, connectorYaml, SAMPLE } from '../sample-config.ts';
import { startAsking } from './ask.ts';

const ROUTE = `  - { direction: remote-to-local, name: down, source: commands/# }\n`;

describe('diff', () => {
  test('exits 0 and prints nothing where nothing would change', async () => {
    const { ask } = await startAsking({ 'a.yaml': SAMPLE });
    await ask('apply -f FOLDER');
    expect(await ask('diff -f FOLDER')).toEqual({ code: 0, out: '', err: '' });
  });

  test('exits 1 and prints what is changed and what is new', async () => {
    const { ask } = await startAsking({ 'a.yaml': SAMPLE, 'b.yaml': `${SAMPLE}${ROUTE}---\n${connectorYaml('new')}` });
    await ask('apply -f FOLDER/a.yaml');
    const { code, out, err } = await ask('diff -f FOLDER/b.yaml');
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatchSnapshot();
  });

  test('prints the changes as data', async () => {
    const { ask } = await startAsking({ 'a.yaml': SAMPLE });
    const { code, out } = await ask('diff -f FOLDER -o json');
    expect([code, JSON.parse(out)]).toMatchObject([1, { kind: 'DiffResult', results: [{ outcome: 'created' }, {}] }]);
  });

  test('exits with more than 1 for an error', async () => {
    const { ask, double } = await startAsking({ 'a.yaml': SAMPLE, 'b.yaml': BROKEN });
    double.intercept = () => new Response('', { status: 503 });
    expect((await ask('diff -f FOLDER/a.yaml')).code).toBe(2);
    expect((await ask('diff -f FOLDER/none.yaml')).code).toBe(2);
  });
});
