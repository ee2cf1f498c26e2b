import type { EnhancedLogOn } from './renewals.ts';

/** What CONNECT carries to log on; a client certificate is no part of it. */
export interface LogOn {
  readonly username?: string;
  readonly password?: Buffer;
  /** MQTT 5 enhanced authentication (4.12). */
  readonly enhanced?: EnhancedLogOn | undefined;
}

/** The token in use. */
export interface TokenState {
  /** Authentication method of MQTT 5. */
  readonly method: string;
  /** Seconds since 1970, UTC. */
  readonly expiresAt: number;
  /** Microsoft Entra object ID of the identity, when the token names one. */
  readonly objectId?: string;
  /** Why there is no newer one, when one was asked for in vain. */
  readonly rejected?: string;
}

/** How a side logs on. */
export interface LogOnSource {
  /** Reads anew what CONNECT shall carry; rejects with CredentialError. */
  load(): Promise<LogOn>;
  /** Absent without a token that says when it ends. */
  token(): TokenState | undefined;
  /** Calls `renewed` for every token that comes after `used`, until the returned function is called. */
  follow(used: EnhancedLogOn, renewed: (next: EnhancedLogOn) => void): () => void;
}

/** CONNECT's user name and password are strings of at most 65,535 bytes (MQTT 5, 1.5.4 and 1.5.6). */
export const MAX_FIELD_BYTES = 65_535;
