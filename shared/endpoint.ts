/** A broker's address taken apart, or why the text is none. */
export type ParsedEndpoint =
  | { readonly ok: true; readonly host: string; readonly port: number }
  | { readonly ok: false; readonly fault: string };

const HOST_NAME = /^(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63})*\.?$/;
const IPV6 = /^[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9._-]{1,15})?$/;

/** Reads `host:port` or `[ipv6]:port`; the host comes without brackets. No scheme, path or user information. */
export function parseEndpoint(text: string): ParsedEndpoint {
  if (text.includes('://')) return fault('it must not have a scheme; write host:port');
  if (text.includes('@')) return fault('it must not carry a user name or password; use authentication');
  if (text.includes('/')) return fault('it must not have a path; write host:port');
  const colon = text.lastIndexOf(':');
  if (colon === -1 || text.endsWith(']')) return fault('the port is missing; write host:port');
  const port = portOf(text.slice(colon + 1));
  if (port === undefined) return fault('the port must be a number from 1 to 65535');
  const host = hostOf(text.slice(0, colon));
  if (host === undefined) return fault('the host must be a name, an IPv4 address or an IPv6 address in [brackets]');
  return { ok: true, host, port };
}

function portOf(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function hostOf(text: string): string | undefined {
  if (text.startsWith('[') && text.endsWith(']')) {
    const address = text.slice(1, -1);
    return address.includes(':') && IPV6.test(address) ? address : undefined;
  }
  return text.length <= 254 && HOST_NAME.test(text) ? text : undefined;
}

function fault(text: string): ParsedEndpoint {
  return { ok: false, fault: text };
}
