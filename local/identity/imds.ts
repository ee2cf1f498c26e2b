import { type Endpoint, faultOfMetadataRequest, isTokenPath, metadataToken } from './endpoint.ts';

/** Version of the instance metadata service that client libraries ask for. */
const API_VERSION = '2018-02-01';

/** The token endpoint of the Azure Instance Metadata Service, which the identity sidecar of an Arc extension plays too. */
export const instanceMetadata: Endpoint = async (request, issue) => {
  if (!isTokenPath(request.path)) return undefined;
  return faultOfMetadataRequest(request, API_VERSION) ?? metadataToken(request, issue);
};
