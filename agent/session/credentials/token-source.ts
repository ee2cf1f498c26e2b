/** A token as an identity library hands it out. */
export interface AccessToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresOnTimestamp: number;
  /** Milliseconds since 1970: from here on the library fetches the next one while it still answers with this one. */
  readonly refreshAfterTimestamp?: number | undefined;
}

/** Where access tokens come from. */
export interface TokenSource {
  /** Rejects with whatever the library rejects with. */
  getToken(scope: string): Promise<AccessToken | null>;
}

/** Opens a token source that shares no connection with an earlier one. */
export type OpenTokenSource = () => Promise<TokenSource>;
