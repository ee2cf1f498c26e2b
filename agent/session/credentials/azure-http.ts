import type { HttpClient } from '@azure/core-rest-pipeline';

/** A request that nobody answers ends after this, also when nobody waits for it any more. */
const REQUEST_TIMEOUT_MS = 10_000;

/** The HTTP client of the Azure libraries, with a bound for each request. */
export async function openAzureHttp(): Promise<HttpClient> {
  const { createDefaultHttpClient } = await import('@azure/core-rest-pipeline');
  const client = createDefaultHttpClient();
  return {
    sendRequest(request) {
      request.timeout = REQUEST_TIMEOUT_MS;
      return client.sendRequest(request);
    },
  };
}
