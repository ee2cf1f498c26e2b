import type { HttpClient } from '@azure/core-rest-pipeline';

/** A request that nobody answers ends after this, also when nobody waits for it any more. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Hears the `Date` header of each answer. */
export type Dated = (date: string | undefined) => void;

/** The HTTP client of the Azure libraries, with a bound for each request. */
export async function openAzureHttp(dated?: Dated): Promise<HttpClient> {
  const { createDefaultHttpClient } = await import('@azure/core-rest-pipeline');
  const client = createDefaultHttpClient();
  return {
    async sendRequest(request) {
      request.timeout = REQUEST_TIMEOUT_MS;
      const response = await client.sendRequest(request);
      dated?.(response.headers.get('date'));
      return response;
    },
  };
}
