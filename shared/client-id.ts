import { sha256 } from './sha256.ts';

/** Longest client ID that Event Grid accepts, in characters. */
export const MAX_CLIENT_ID = 128;

/** Client ID of a route, or of share k of a route: exactly one hyphen between prefix and name. */
export function routeClientId(prefix: string, routeName: string, share?: number): string {
  const name = prefix === '' ? routeName : `${prefix.replace(/-+$/, '')}-${routeName}`;
  return share === undefined ? name : `${name}-${share}`;
}

/** What the client ID of a slot is made of. */
export interface SlotIdentity {
  /** ARM resource ID of the Azure Arc extension; takes the place of the prefix. */
  readonly extensionResourceId?: string | undefined;
  readonly clientIdPrefix: string;
  readonly connector: string;
  readonly slot: number;
  /** From 2: number of a further session of the same slot. */
  readonly further?: number | undefined;
}

/** Client ID of a slot's remote session, at most 128 characters: what does not fit is replaced by its hash. */
export function slotClientId(identity: SlotIdentity): string {
  const { extensionResourceId, clientIdPrefix, connector, slot, further } = identity;
  // Two connectors may use one extension's identity, and a broker allows each client ID once.
  const owner =
    extensionResourceId === undefined
      ? routeClientId(clientIdPrefix, connector)
      : `${extensionResourceId}/${connector}`;
  const suffix = further === undefined ? `-${slot}` : `-${slot}-${further}`;
  if (owner.length + suffix.length <= MAX_CLIENT_ID) return owner + suffix;
  const digest = sha256(owner).slice(0, 32);
  return `${owner.slice(0, MAX_CLIENT_ID - suffix.length - digest.length - 1)}-${digest}${suffix}`;
}
