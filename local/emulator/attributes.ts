/** What is known of a client beyond its name: from its entry, from the claims of its token or from the webhook. */
export type ClientAttributes = Readonly<Record<string, string | number | readonly string[]>>;
