import { randomBytes, randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, faultOfMetadataRequest, isTokenPath, metadataToken, refusal } from './endpoint.ts';

/** Version of the token endpoint of the Arc agent that client libraries ask for. */
const API_VERSION = '2020-06-01';

/** The folder in which client libraries accept a challenge's file on Linux. */
export const ARC_KEY_DIR = '/var/opt/azcmagent/tokens';

/**
 * The token endpoint of the Azure Arc agent. Who asks must show that it may read files of the agent: 401 names a file
 * in `keyDir`, and the request comes again with its content. Every file is good for one request.
 */
export function createArcEndpoint(keyDir = ARC_KEY_DIR): Endpoint {
  const keys = new Map<string, string>();

  async function challenge() {
    const path = join(keyDir, `${randomUUID()}.key`);
    const key = randomBytes(48).toString('base64url');
    await writeFile(path, key, { mode: 0o600 });
    keys.set(key, path);
    const headers = { 'WWW-Authenticate': `Basic realm=${path}` };
    return { ...refusal(401, 'unauthorized', 'Show the content of the file'), headers };
  }

  return async (request, issue) => {
    if (!isTokenPath(request.path)) return undefined;
    const fault = faultOfMetadataRequest(request, API_VERSION);
    if (fault !== undefined) return fault;
    const { authorization } = request.headers;
    if (authorization === undefined) return challenge();
    const key = authorization.replace(/^Basic /, '');
    const path = keys.get(key);
    if (path === undefined) return refusal(403, 'forbidden', 'Not the content of the file');
    keys.delete(key);
    await rm(path, { force: true });
    return metadataToken(request, issue);
  };
}
