/** Something did not answer in the time it had. */
export class LateError extends Error {
  override readonly name = 'LateError';
  /** As sockets say it. */
  readonly code = 'ETIMEDOUT';
}

/** An answer, or a LateError after so many milliseconds. */
export async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new LateError(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
