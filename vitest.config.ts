import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: more workers would only make brokers and proxies compete with what they measure.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    passWithNoTests: false,
    // As Node does it: the default import of a CommonJS module is all of its exports.
    deps: { interopDefault: false },
  },
});
