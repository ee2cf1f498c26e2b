import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CreatedKey } from '../../../shared/api/grants.ts';
import type { AgentReport, ReportAnswer } from '../../../shared/api/report.ts';
import { healthInstance } from '../../../functions/durable/names.ts';
import {
  startControlPlane,
  type ControlPlaneOptions,
  type ControlPlaneProcess,
} from '../../support/control-plane-process.ts';
import type { AnswerJson } from '../../support/control-plane-api.ts';
import { reportOf } from '../../support/health/reports.ts';
import type { Scope } from '../../support/scope.ts';

/** What is sent; a value as body is sent as JSON, text and bytes as they are. */
export interface PlaneCall {
  /** Instead of the administrator's; null for none. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An answer with its body read. */
export interface PlaneAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: AnswerJson;
}

/** An orchestration as the host's management API shows it. */
export interface Orchestration {
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly createdTime: string;
}

/** Where a control plane is, and what opens it. */
export interface PlaneAddress {
  readonly url: string;
  readonly adminKey: string;
  /** Its data folder. */
  readonly data: string;
}

/** A control plane as its clients see it. */
export interface PlaneClient {
  /** `GET /api/sites`. */
  send(target: string, call?: PlaneCall): Promise<PlaneAnswer>;
  /** Makes a key of a site. */
  keyOf(site: string, role: string): Promise<string>;
  /** Every orchestration of a site's health that there ever was. */
  orchestrations(site: string): Promise<readonly Orchestration[]>;
}

/** A control plane in a process of its own. */
export interface Plane extends PlaneClient {
  readonly process: ControlPlaneProcess;
}

/** Starts a control plane; it ends with the scope. */
export async function startPlane(scope: Scope, options: ControlPlaneOptions = {}): Promise<Plane> {
  const env = { MQTTBRIDGE_REQUESTS_PER_SECOND: '100000', ...options.env };
  const process = await startControlPlane(scope, { ...options, env });
  return { process, ...clientOf(process) };
}

/** Speaks to a control plane. */
export function clientOf(address: PlaneAddress): PlaneClient {
  const send = (target: string, call: PlaneCall = {}) => ask(address, target, call);
  return {
    send,
    async keyOf(site, role) {
      const { status, json, text } = await send(`POST /api/sites/${site}/grants`, { body: { role } });
      if (status !== 201) throw new Error(text);
      return (json as unknown as CreatedKey).key;
    },
    orchestrations: (site) => orchestrationsOf(address, site),
  };
}

async function ask({ url, adminKey }: PlaneAddress, target: string, call: PlaneCall): Promise<PlaneAnswer> {
  const [method = '', path = ''] = target.split(' ', 2);
  const { key = adminKey, body } = call;
  const headers = new Headers(key === null ? {} : { authorization: `Bearer ${key}` });
  if (body !== undefined) headers.set('content-type', 'application/json');
  for (const [name, value] of Object.entries(call.headers ?? {})) headers.set(name, value);
  const bytes =
    body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const sent = bytes === undefined ? {} : { body: new Blob([bytes]) };
  const response = await fetch(url + path, { method, headers, ...sent });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: (isJson ? JSON.parse(text) : {}) as AnswerJson,
  };
}

async function orchestrationsOf({ url, data }: PlaneAddress, site: string): Promise<Orchestration[]> {
  const keys = JSON.parse(await readFile(join(data, 'host-keys.json'), 'utf8')) as { durabletask_extension: string };
  const query = new URLSearchParams({ code: keys.durabletask_extension, instanceIdPrefix: healthInstance(site) });
  const response = await fetch(`${url}/runtime/webhooks/durabletask/instances?${query.toString()}`);
  return (await response.json()) as Orchestration[];
}

/** An agent that says that all is well, and what it was told last. */
export interface PlaneAgent {
  /** Reports once; rejects unless it is answered 200. */
  report(plane: PlaneClient, overrides?: Partial<AgentReport>): Promise<ReportAnswer>;
}

/** Makes an agent of a place: `plant/agents/bridge/0`. */
export function createAgent(place: string, key: string): PlaneAgent {
  const run = crypto.randomUUID();
  let sequence = 0;
  let tag: string | undefined;
  let revision: string | undefined;
  return {
    async report(plane, overrides = {}) {
      sequence++;
      const body = reportOf({
        run,
        sequence,
        document: revision === undefined ? {} : { revision },
        ...(tag === undefined ? {} : { tag }),
        ...overrides,
      });
      const { status, json, text } = await plane.send(`POST /api/sites/${place}/report`, { key, body });
      if (status !== 200) throw new Error(`${status} ${text}`);
      const answer = json as unknown as ReportAnswer;
      tag = answer.tag;
      if (answer.desired.kind === 'document') revision = answer.desired.revision;
      return answer;
    },
  };
}
