import { z } from 'zod';
import { type Collection, KIND_OF, resourceName } from '../../shared/api/names.ts';
import { resourceListSchema } from '../../shared/api/resources.ts';
import { problemSchema } from '../../shared/api/problem.ts';
import { connectorSchema } from '../../shared/resources/connector.ts';
import { topicMapSchema } from '../../shared/resources/topic-map.ts';
import type { Handler, Operation, ParameterDoc, ResponseDoc } from './contract.ts';
import { RESOURCE_BODY_TYPES, RESOURCE_MEDIA_TYPES } from './media-type.ts';
import { flagParameter, ifMatch, ifNoneMatch, lazily, pageParameters } from './operation-parts.ts';
import type { CollectionHandlers } from './resources.ts';

const SCHEMAS = { MqttBridgeConnector: connectorSchema, MqttBridgeTopicMap: topicMapSchema };

const view: ParameterDoc = {
  name: 'view',
  in: 'query',
  description: '`effective` adds the defaults.',
  schema: z.enum(['stored', 'effective']),
};

const etag = { ETag: 'Strong; names this representation of the resource.' };
const problem = (description: string): ResponseDoc => ({ description, schema: problemSchema });

/** The operations of one collection of a site. */
export function resourceOperations(collection: Collection): Operation[] {
  const named = KIND_OF[collection].slice('MqttBridge'.length);
  const item = `sites/{site}/${collection}/{name}`;
  const handler = (name: keyof CollectionHandlers): Handler =>
    lazily(async () => (await import('./resources.ts')).collectionHandlers(collection)[name]);
  return [
    {
      id: `list${named}s`,
      method: 'GET',
      path: `sites/{site}/${collection}`,
      summary: `Lists the ${collection} of a site by name.`,
      role: 'Bridge.Read',
      parameters: [...pageParameters(resourceName), view],
      responses: {
        200: { description: 'A page.', schema: resourceListSchema, mediaTypes: RESOURCE_MEDIA_TYPES },
      },
      handler: handler('list'),
    },
    getOperation(collection, named, item, handler('get')),
    putOperation(collection, named, item, handler('put')),
    deleteOperation(collection, named, item, handler('remove')),
  ];
}

function getOperation(collection: Collection, named: string, path: string, handler: Handler): Operation {
  return {
    id: `get${named}`,
    method: 'GET',
    path,
    summary: `Reads one of the ${collection}.`,
    role: 'Bridge.Read',
    parameters: [view, ifNoneMatch('ETag of what the caller has.')],
    responses: {
      200: resourceDoc(collection, 'The resource.'),
      304: { description: 'The caller has it already.', headers: etag },
      404: problem('There is none of this name.'),
    },
    handler,
  };
}

function putOperation(collection: Collection, named: string, path: string, handler: Handler): Operation {
  return {
    id: `put${named}`,
    method: 'PUT',
    path,
    summary: `Creates or replaces one of the ${collection}.`,
    role: 'Bridge.Write',
    parameters: [ifMatch(false), ifNoneMatch('`*`: create it, and replace nothing.'), view],
    requestBody: {
      mediaTypes: RESOURCE_BODY_TYPES,
      schema: SCHEMAS[KIND_OF[collection]],
      description: 'The resource; its kind and name are those of the path.',
    },
    responses: {
      200: resourceDoc(collection, 'It is replaced, or was like that already.'),
      201: resourceDoc(collection, 'It is created.', { Location: 'Path of the resource.' }),
      412: problem('It is not what the conditions say.'),
      422: problem('The site would break rules with it; nothing is changed.'),
      428: problem('It is there, and If-Match is missing.'),
    },
    handler,
  };
}

function deleteOperation(collection: Collection, named: string, path: string, handler: Handler): Operation {
  const isConnector = collection === 'connectors';
  const cascade = flagParameter('cascade', 'Also deletes the topic maps that refer to it.');
  return {
    id: `delete${named}`,
    method: 'DELETE',
    path,
    summary: `Deletes one of the ${collection}.`,
    role: 'Bridge.Write',
    parameters: [ifMatch(true), ...(isConnector ? [cascade] : [])],
    responses: {
      204: { description: 'It is gone.' },
      404: problem('There is none of this name.'),
      ...(isConnector ? { 409: problem('Topic maps refer to it.') } : {}),
      412: problem('It is not what If-Match says.'),
      422: problem('The site would break rules without it; nothing is changed.'),
      428: problem('If-Match is missing.'),
    },
    handler,
  };
}

function resourceDoc(collection: Collection, description: string, headers: ResponseDoc['headers'] = {}): ResponseDoc {
  return {
    description,
    schema: SCHEMAS[KIND_OF[collection]],
    mediaTypes: RESOURCE_MEDIA_TYPES,
    headers: { ...etag, ...headers },
  };
}
