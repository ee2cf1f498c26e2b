import type { ProcessUsage } from '../agent/observe/metric-table.ts';

/** One of the process's two output streams. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Characters per line; 80 when it is no terminal. */
  readonly columns: number;
}

/** The environment variables that a command may look at. */
export interface Environment {
  readonly NO_COLOR?: string | undefined;
  readonly NODE_TLS_REJECT_UNAUTHORIZED?: string | undefined;
  /** ARM resource ID of the Azure Arc extension, as its identity sidecar names it. */
  readonly EXTENSION_ARMID?: string | undefined;
  /** Set by the webhook of workload identity federation. */
  readonly AZURE_TENANT_ID?: string | undefined;
  readonly AZURE_CLIENT_ID?: string | undefined;
  readonly AZURE_FEDERATED_TOKEN_FILE?: string | undefined;
  /** Set by the kubelet: where the API server of the cluster is. */
  readonly KUBERNETES_SERVICE_HOST?: string | undefined;
  readonly KUBERNETES_SERVICE_PORT?: string | undefined;
  /** What `--server`, `--site`, `--key-file` and `--audience` are without the option. */
  readonly MQTTBRIDGE_SERVER?: string | undefined;
  readonly MQTTBRIDGE_SITE?: string | undefined;
  readonly MQTTBRIDGE_KEY_FILE?: string | undefined;
  readonly MQTTBRIDGE_AUDIENCE?: string | undefined;
}

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Everything of the outside world that commands use; cli/main.ts makes the real one, tests make their own. */
export interface Io {
  /** How to start this program once more: Node, its options, and the entry file; arguments of a command follow. */
  readonly program: { readonly command: string; readonly args: readonly string[] };
  /** Version of Node, such as `v24.1.0`. */
  readonly nodeVersion: string;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  readonly fetch: typeof fetch;
  /** Sets or removes variables of the process's environment, where a Functions app that it loads reads its settings. */
  setEnvironment(variables: Readonly<Record<string, string | undefined>>): void;
  /** Reads standard input to its end, as UTF-8. */
  readStdin(): Promise<string>;
  /** Calls `handler` for each signal until the returned function is called. */
  onSignal(handler: (signal: StopSignal) => void): () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly wallClock: () => Date;
  readonly processUsage: () => Promise<ProcessUsage>;
}
