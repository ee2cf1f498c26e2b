/** What to replace in a text. */
export type Edit = [from: string | RegExp, to: string];

/** A text after its edits. */
export const edited = (text: string, edits: readonly Edit[]) =>
  edits.reduce((before, [from, to]) => before.replace(from, to), text);

/** Connector and map with edits; what the rule must say and where. */
export interface Case {
  readonly rule: string;
  readonly at: string;
  readonly connector?: Edit[];
  readonly map?: Edit[];
  readonly severity?: 'error' | 'warning';
  readonly message?: RegExp;
  readonly advice?: RegExp;
  readonly extra?: string;
}

export const LOCAL_OFF = `tls:
      tlsEnabled: false
    authentication:
      anonymous: {}`;
export const REMOTE = `endpoint: remote.test:8883
    tls:
      tlsEnabled: true
    authentication:
      anonymous: {}`;
export const EVENT_GRID: Edit = ['remote.test:8883', 'ns.westeurope-1.ts.eventgrid.azure.net:8883'];
export const IDENTITY: Edit = [
  /anonymous: \{\}\n$/,
  'systemAssignedManagedIdentity:\n        audience: https://eventgrid.azure.net\n',
];
export const V3: Edit = ['protocol: v5', 'protocol: v3'];
export const route = (name: string, rest: string) => `    - {name: ${name}, ${rest}}\n`;
export const addRoute = (rest: string, name = 'extra'): Edit => [/$/, route(name, rest)];
export const OUT = 'direction: local-to-remote';
export const IN = 'direction: remote-to-local';
