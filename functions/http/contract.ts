import type { z } from 'zod';
import type { Caller, Role } from '../auth/caller.ts';
import type { Stores } from '../store/store.ts';
import type { Settings } from '../wiring/settings.ts';

/** A request as handlers see it: authenticated, its parameters checked, its body read within the limits. */
export interface ApiRequest {
  readonly method: string;
  /** Path parameters, already checked against their patterns. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: { get(name: string): string | null };
  /** Empty when there was none. At most 1 MiB, also after decompression. */
  readonly body: Uint8Array;
}

/** An answer before it becomes bytes. */
export interface ApiResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A value becomes JSON; text is sent as it is, with the `content-type` of the headers. */
  readonly body?: { readonly json: unknown } | { readonly text: string };
}

/** Hints to the health orchestration of a site; lost hints cost time, never correctness. */
export interface HealthTrigger {
  /** Starts the orchestration of a site unless it runs. */
  ensure(site: string): Promise<void>;
  /** Something may have changed: judge now. */
  hint(site: string): Promise<void>;
}

/** Takes one log entry: the name of what happened, and fields without secrets. */
export type Log = (event: string, fields: Readonly<Record<string, unknown>>) => void;

/** What handlers are given. */
export interface Deps {
  readonly stores: Stores;
  readonly settings: Settings;
  readonly trigger: HealthTrigger;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  readonly log?: Log;
}

/** A handler: no HTTP library, no platform. */
export type Handler = (request: ApiRequest, caller: Caller, deps: Deps) => Promise<ApiResponse>;

/** One possible answer, for the OpenAPI document and the conformance tests. */
export interface ResponseDoc {
  readonly description: string;
  /** JSON body. */
  readonly schema?: z.ZodType;
  /** Media types when not JSON alone. */
  readonly mediaTypes?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** One query parameter or request header. */
export interface ParameterDoc {
  readonly name: string;
  readonly in: 'query' | 'header';
  readonly description: string;
  readonly schema: z.ZodType;
  readonly required?: boolean;
}

/** One operation: the dispatcher serves it, and the OpenAPI document is generated from it. */
export interface Operation {
  /** camelCase, unique. */
  readonly id: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below the route prefix, in OpenAPI form: `sites/{site}/connectors/{name}`. */
  readonly path: string;
  readonly summary: string;
  /** `public`: answers anybody once authentication is configured. `liveness`: answers anybody, always. */
  readonly role: Role | 'public' | 'liveness';
  readonly parameters?: readonly ParameterDoc[];
  readonly requestBody?: {
    readonly mediaTypes: readonly string[];
    readonly schema: z.ZodType;
    readonly description: string;
  };
  /** Answers besides those that every operation has (400, 401, 403, 405, 406, 408, 413, 415, 429, 500, 503 as they apply). */
  readonly responses: Readonly<Record<number, ResponseDoc>>;
  readonly handler: Handler;
}
