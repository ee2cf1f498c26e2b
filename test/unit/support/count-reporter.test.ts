import { expect, test } from 'vitest';
import type { TestModule } from 'vitest/node';
import { createCounter } from '../../support/count-reporter.ts';

type State = 'passed' | 'failed' | 'skipped';

/** As much of a vitest module as the counter looks at. */
function file(states: readonly State[], ok: boolean): TestModule {
  const tests = states.map((state) => ({ result: () => ({ state }) }));
  return { ok: () => ok, children: { allTests: () => tests } } as unknown as TestModule;
}

async function count(modules: readonly TestModule[], errors: readonly { message: string }[] = []) {
  const counter = createCounter();
  await counter.reporter.onTestRunEnd?.(modules, errors, 'passed');
  return [counter.line(), counter.ok()];
}

test.each([
  ['1 passed, 0 failed', true, [file(['passed'], true)], 0],
  ['1 passed, 1 failed', false, [file(['passed', 'failed'], false)], 0],
  ['1 passed, 0 failed, 1 skipped', true, [file(['passed'], true), file(['skipped'], true)], 0],
  ['0 passed, 0 failed', false, [], 0],
  ['1 passed, 1 failed', false, [file(['passed'], false)], 0],
  ['1 passed, 2 failed', false, [file(['passed'], true)], 2],
] as const)('counter - says "%s"', async (line, ok, modules, unhandled) => {
  const errors = Array.from({ length: unhandled }, () => ({ message: 'unhandled' }));
  expect(await count(modules, errors)).toEqual([line, ok]);
});
