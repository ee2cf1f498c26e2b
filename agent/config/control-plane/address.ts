/** Where reports go, or why the text cannot say it. */
export type AddressResult =
  | { readonly kind: 'address'; readonly base: URL }
  | { readonly kind: 'invalid'; readonly why: string };

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Reads the address of a control plane: https, or http on this machine only; a prefix before `/api` may be part of it. */
export function parseControlPlane(text: string): AddressResult {
  const url = URL.parse(text);
  if (url === null) return invalid('is not a URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.test(url.hostname))) {
    return invalid('must begin with https:// (http:// only for this machine)');
  }
  if (url.username !== '' || url.password !== '') return invalid('must not hold credentials');
  if (url.search !== '' || url.hash !== '') return invalid('must end with its path');
  return { kind: 'address', base: new URL(`${url.origin}${url.pathname.replace(/\/*(?:api\/*)?$/, '')}/`) };
}

/** The URL of one agent's reports. */
export function reportUrl(
  base: URL,
  { site, connector, instance }: { readonly site: string; readonly connector: string; readonly instance: string },
): URL {
  const path = ['sites', site, 'agents', connector, instance, 'report'].map(encodeURIComponent).join('/');
  return new URL(`api/${path}`, base);
}

function invalid(why: string): AddressResult {
  return { kind: 'invalid', why };
}
