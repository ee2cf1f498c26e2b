import type { Reporter } from 'vitest/node';

/** Counts a vitest run for people and machines that read only the last line. */
export interface Counter {
  readonly reporter: Reporter;
  /** `N passed, N failed`, and how many were skipped if any. */
  readonly line: () => string;
  /** True when something ran and nothing failed. */
  readonly ok: () => boolean;
}

/** Makes a counter; a file that cannot be loaded, a failing hook and an unhandled error count as one failed each. */
export function createCounter(): Counter {
  const count = { passed: 0, failed: 0, skipped: 0 };
  const reporter: Reporter = {
    onTestRunEnd(modules, unhandledErrors) {
      count.failed += unhandledErrors.length;
      for (const module of modules) {
        let failed = 0;
        for (const test of module.children.allTests()) {
          const { state } = test.result();
          if (state === 'passed') count.passed++;
          else if (state === 'failed') failed++;
          else count.skipped++;
        }
        // Errors outside of tests: an import that throws, a suite's hook.
        if (failed === 0 && !module.ok()) failed = 1;
        count.failed += failed;
      }
    },
  };
  return {
    reporter,
    line() {
      const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
      return `${count.passed} passed, ${count.failed} failed${skipped}`;
    },
    ok: () => count.failed === 0 && count.passed > 0,
  };
}
