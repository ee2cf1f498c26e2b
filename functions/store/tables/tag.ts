// Callers bring tags: `*` would match anything, and other text could be more than one header.
const ETAG = /^W\/"datetime'\d{4}-\d\d-\d\dT\d\d%3A\d\d%3A\d\d(?:\.\d{1,7})?Z'"$/i;

/** Whether this is an ETag as Azure Tables makes them. Each write gets one by the service's clock, so none comes twice. */
export function isTag(tag: string | undefined): tag is string {
  return tag !== undefined && ETAG.test(tag);
}
