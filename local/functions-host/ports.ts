/** A value on its way between host and worker; exactly one field is set (types of the Functions worker's protocol). */
export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly http?: Readonly<Record<string, unknown>>;
}

/** Time as the host sees it, handed in so that tests can run thirty days in a second. */
export interface HostClock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Calls once at or after `at` (milliseconds since 1970); any distance is allowed. Returns what cancels it. */
  callAt(at: number, call: () => void): () => void;
}

/** The loaded app, as far as the durable engine needs it. */
export interface FunctionRunner {
  /** Names of the app's functions with a trigger of this binding type, as written when they were registered. */
  names(trigger: 'orchestrationTrigger' | 'activityTrigger' | 'entityTrigger'): readonly string[];
  /** Runs one function; rejects with what the function threw. */
  run(name: string, input: TypedData): Promise<TypedData | undefined>;
}

/** A request to the durable management API; `path` begins behind `/runtime/webhooks/durabletask`. */
export interface ManagementRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: { get(name: string): string | null };
  readonly body: string;
}

/** Answer of the management API. */
export interface ManagementResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Where the management API is reached from outside: for the URLs that the engine writes into answers and bindings. */
export interface ManagementAddress {
  /** `http://127.0.0.1:7071/runtime/webhooks/durabletask`. */
  readonly baseUrl: string;
  /** The system key `durabletask_extension`, in every URL as `code`. */
  readonly systemKey: string;
}

/** Orchestrations, activities and entities of one task hub on one machine. */
export interface DurableEngine {
  /** Goes on with what the history says was under way. */
  start(): void;
  /** Finishes the turns and activities that run now and starts no other. */
  stop(): Promise<void>;
  manage(request: ManagementRequest, address: ManagementAddress): Promise<ManagementResponse>;
  /** The text of a `durableClient` input binding. */
  clientBinding(address: ManagementAddress): string;
}
