import { RestError } from '@azure/core-rest-pipeline';
import type { PipelinePolicy, PipelineRequest } from '@azure/core-rest-pipeline';

/** Recognises a request to Azure Tables. */
export type RequestMatch = (request: PipelineRequest) => boolean;

/** Policies of the SDK, to be given to a store as `client`. */
export interface TableClientOptions {
  readonly additionalPolicies: { readonly policy: PipelinePolicy; readonly position: 'perRetry' }[];
  readonly retryOptions: { readonly maxRetries: number; readonly retryDelayInMs: number };
}

/** The request that writes the head of a site. */
export const headWrite: RequestMatch = ({ method, url, body }) =>
  (method === 'PUT' && url.includes("RowKey='head'")) ||
  (method === 'POST' && typeof body === 'string' && body.includes('"RowKey":"head"'));

/** A request of this method. */
export const method =
  (name: string): RequestMatch =>
  (request) =>
    request.method === name;

/** Does something just before the first request that matches is sent; retries are fast. */
export function before(match: RequestMatch, act: () => Promise<void>): TableClientOptions {
  let done = false;
  return policy(async (request, next) => {
    if (!done && match(request)) {
      done = true;
      await act();
    }
    return next(request);
  });
}

/** Carries the first request that matches to the service and loses its answer, as a connection that breaks does. */
export function loseAnswer(match: RequestMatch): TableClientOptions {
  let done = false;
  return policy(async (request, next) => {
    const response = await next(request);
    if (done || !match(request)) return response;
    done = true;
    throw new RestError('socket hang up', { code: 'ECONNRESET', request });
  });
}

/** Lets every request and answer be looked at. */
export function watch(look: (request: PipelineRequest, answer: string) => void): TableClientOptions {
  return policy(async (request, next) => {
    const response = await next(request);
    look(request, response.bodyAsText ?? '');
    return response;
  });
}

function policy(sendRequest: PipelinePolicy['sendRequest']): TableClientOptions {
  return {
    additionalPolicies: [{ policy: { name: 'testPolicy', sendRequest }, position: 'perRetry' }],
    retryOptions: { maxRetries: 2, retryDelayInMs: 1 },
  };
}
