import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { configDefaults, defineConfig, type TestProjectConfiguration } from 'vitest/config';

const ORDER = ['/test/faults/', '/test/differential/', '/test/integration/', '/test/unit/'];

/** Starts what waits long first, so that the end of a run is made of short files and keeps every worker busy. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // A worker lives on only if the next file may share it, so those that may not come first.
    const place = ({ moduleId, project }: TestSpecification) =>
      project.config.isolate ? -1 : ORDER.findIndex((folder) => moduleId.includes(folder));
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

// A process can load one Functions app, and what registers functions does so once: each of these files has its own.
const APPS = [
  'test/integration/{control-plane,functions,functions-host,health}/**/*.test.ts',
  'test/unit/functions/health/**/*.test.ts',
];

// These measure the memory of their process, in which nobody else's garbage may lie.
const MEMORY = [
  'test/faults/mutated-packets.test.ts',
  'test/integration/tls/rotation.test.ts',
  'test/unit/agent/forward/frame-reader.test.ts',
];

const ALONE = [...APPS, ...MEMORY];

// `npm run test:kubernetes` says itself which files it runs; projects would not listen to that.
const projects: TestProjectConfiguration[] = [
  { extends: true, test: { name: 'alone', include: ALONE, isolate: true } },
  {
    extends: true,
    test: { name: 'together', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...ALONE] },
  },
];

export default defineConfig(({ mode }) => ({
  test: {
    // Two cores: more workers would only make brokers and proxies compete with what they measure.
    maxWorkers: 2,
    // A process per worker, not per file: to load the same modules 400 times would cost more than most tests do.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    passWithNoTests: false,
    // As Node does it: the default import of a CommonJS module is all of its exports.
    deps: { interopDefault: false },
    ...(mode !== 'kubernetes' && { projects }),
  },
}));
