import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { createDispatcher } from './dispatch.ts';

/** Hands a request of the platform to the dispatcher, and its answer back. */
export async function serve(
  request: HttpRequest,
  dispatch: ReturnType<typeof createDispatcher>,
): Promise<HttpResponseInit> {
  const { method, url, headers, body } = request;
  const answer = await dispatch({ method, url, headers, body: body as ReadableStream<Uint8Array> | null });
  return {
    status: answer.status,
    headers: { ...answer.headers },
    ...(answer.body === undefined ? {} : { body: answer.body }),
  };
}
