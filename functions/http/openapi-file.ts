import type { GeneratedFile } from '../../shared/schema/generated.ts';
import { jsonText } from '../../shared/schema/json-text.ts';
import { openApiDocument } from './openapi.ts';
import { operations } from './operations.ts';

/** The OpenAPI document as it is committed. */
export function openApiFile(): GeneratedFile {
  return { path: 'schemas/openapi.json', text: `${jsonText(openApiDocument(operations), '')}\n` };
}
