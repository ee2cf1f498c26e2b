import { openApiDocument } from '../../functions/http/openapi.ts';
import { operations } from '../../functions/http/operations.ts';
import { type FuzzReport, fuzzApi } from './openapi-fuzz.ts';
import type { FuzzRequest, FuzzResponse } from './openapi-checks.ts';
import { connectorResource, topicMapResource } from './resources.ts';

const SITE = 'fuzz';

const BODIES = {
  putConnector: ({ name = '' }) => connectorResource(name),
  putTopicMap: ({ name = '' }) => topicMapResource(name, 'base'),
  apply: () => [connectorResource('base')],
  validate: () => [connectorResource('base')],
  diff: () => [connectorResource('base')],
};

/** Fuzzes the control plane behind `send`, whatever carries it; it must have no limit of requests. Works at the site `fuzz` and others. */
export async function fuzzControlPlane(
  send: (request: FuzzRequest) => Promise<FuzzResponse>,
  authorizationFor: (role: string) => string,
  { runs, seed }: { readonly runs: number; readonly seed: number },
): Promise<FuzzReport> {
  const headers = { authorization: authorizationFor('Bridge.Write'), 'content-type': 'application/json' };
  const body = JSON.stringify([connectorResource('base')]);
  const prepare = async () => void (await send({ method: 'POST', path: `/api/sites/${SITE}/apply`, headers, body }));
  await prepare();
  return fuzzApi({
    document: JSON.parse(JSON.stringify(openApiDocument(operations))),
    send,
    authorizationFor,
    runs,
    seed,
    site: SITE,
    prepare,
    opaque: ['continue'],
    values: { site: [SITE], name: ['base', 'one', 'two'], connector: ['base', 'one'], id: ['a'] },
    bodies: BODIES,
  });
}
