/** Where a helper leaves its clean-up: a vitest test context `t` is one, and clean-ups run last-in first-out. */
export interface Scope {
  onTestFinished(cleanUp: () => void | Promise<void>): unknown;
}

/** Makes a scope that lives until `close()`, for `beforeAll`/`afterAll` pairs, property runs and processes outside vitest. */
export function createScope(): Scope & AsyncDisposable & { close(): Promise<void> } {
  const cleanUps: (() => void | Promise<void>)[] = [];
  let closed = false;
  function onTestFinished(cleanUp: () => void | Promise<void>): void {
    cleanUps.push(cleanUp);
    // What was still starting when the scope ended must not outlive it.
    if (closed) void close();
  }
  async function close(): Promise<void> {
    closed = true;
    const failures: unknown[] = [];
    for (let cleanUp = cleanUps.pop(); cleanUp; cleanUp = cleanUps.pop()) {
      try {
        await cleanUp();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'clean-up failed');
  }
  return { onTestFinished, close, [Symbol.asyncDispose]: close };
}
