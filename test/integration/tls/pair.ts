import type { Identity } from '../../support/certificates.ts';

/** An identity under the names that node:tls has for its parts. */
export function pairOf({ chain, key }: Identity): { readonly cert: string; readonly key: string } {
  return { cert: chain, key };
}
