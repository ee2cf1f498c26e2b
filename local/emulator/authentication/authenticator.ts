import type { ConnectRequest } from '../../broker/hooks.ts';
import type { ClientAttributes } from '../attributes.ts';

/** Credentials a client shows: a certificate or a name in CONNECT, or the data of an enhanced authentication. */
export interface Credentials {
  readonly request: ConnectRequest;
  readonly method: string | undefined;
  readonly data: Buffer | undefined;
}

/** Who a client is, or the reason code that refuses it; `detail` is for people. */
export type Identification =
  | {
      readonly kind: 'known';
      readonly name: string;
      readonly attributes: ClientAttributes;
      /** Milliseconds since 1970 when its credentials end; undefined for ever. */
      readonly expiresAt?: number | undefined;
    }
  | { readonly kind: 'unknown'; readonly reasonCode: number; readonly detail: string };

/** Finds out who shows these credentials. */
export type Authenticator = (credentials: Credentials) => Identification | Promise<Identification>;
