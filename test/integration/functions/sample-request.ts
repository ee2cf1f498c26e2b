import type { Operation } from '../../../functions/http/contract.ts';
import type { RawRequest } from '../../../functions/http/dispatch.ts';
import { CONNECTOR, SITE } from './credentials.ts';

const PARAMS: Readonly<Record<string, string>> = { site: SITE, connector: CONNECTOR, instance: '0' };

/** A request that has all that an operation demands of its path, query and headers; its body is an empty object. */
export function sampleRequest(
  { method, path, parameters = [], requestBody }: Operation,
  headers: Readonly<Record<string, string>>,
  base = 'http://control.example',
): RawRequest & { readonly headers: Headers } {
  const url = new URL(`${base}/api/${path.replaceAll(/\{(\w+)\}/g, (_, name) => PARAMS[name] ?? 'x')}`);
  const all = new Headers(headers);
  for (const parameter of parameters.filter(({ required }) => required)) {
    const sample = ['*', 'sample'].find((text) =>
      [text, [text]].some((one) => parameter.schema.safeParse(one).success),
    );
    if (parameter.in === 'query') url.searchParams.set(parameter.name, sample ?? '');
    else all.set(parameter.name, sample ?? '');
  }
  if (requestBody !== undefined) all.set('content-type', requestBody.mediaTypes[0] ?? '');
  return { method, url: url.href, headers: all, body: requestBody === undefined ? null : new Blob(['{}']).stream() };
}
