import { stringify } from 'yaml';
import type { ResourceKind } from '../../shared/api/names.ts';
import { connectorSchema } from '../../shared/resources/connector.ts';
import { topicMapSchema } from '../../shared/resources/topic-map.ts';
import type { JsonObject, ManifestEntry } from '../store/store.ts';
import type { ApiRequest, ApiResponse } from './contract.ts';
import { etagOf, isKnown, type Representation } from './etag.ts';
import { negotiate, RESOURCE_MEDIA_TYPES } from './media-type.ts';

const SCHEMAS = { MqttBridgeConnector: connectorSchema, MqttBridgeTopicMap: topicMapSchema };

/** Which representation of a resource a request asks for. */
export function representationOf({ headers, query }: ApiRequest): Representation {
  return {
    effective: query.get('view') === 'effective',
    yaml: negotiate(headers.get('accept'), RESOURCE_MEDIA_TYPES) === 'application/yaml',
  };
}

/** The resource as it was sent, or with its defaults. */
export function viewOf(kind: ResourceKind, document: JsonObject, effective: boolean): JsonObject {
  return effective ? SCHEMAS[kind].parse(document) : document;
}

/** Answers with a resource in the representation that is asked for. */
export function resourceResponse(
  request: ApiRequest,
  {
    entry,
    document,
    status,
  }: { readonly entry: ManifestEntry; readonly document: JsonObject; readonly status: number },
): ApiResponse {
  const how = representationOf(request);
  const headers = { etag: etagOf(entry, how), 'cache-control': 'private, no-cache', 'last-modified': httpDate(entry) };
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && isKnown(request.headers.get('if-none-match'), headers.etag)) return { status: 304, headers };
  return { status, ...bodyOf(viewOf(entry.kind, document, how.effective), how.yaml, headers) };
}

/** A value as JSON or YAML with its headers. */
export function bodyOf(
  value: unknown,
  yaml: boolean,
  headers: Readonly<Record<string, string>> = {},
): Pick<ApiResponse, 'body' | 'headers'> {
  if (!yaml) return { headers, body: { json: value } };
  return { headers: { ...headers, 'content-type': 'application/yaml' }, body: { text: stringify(value) } };
}

function httpDate({ updatedAt }: ManifestEntry): string {
  return new Date(updatedAt).toUTCString();
}
