import { randomUUID } from 'node:crypto';
import {
  createDurableEngine,
  type DurableEngineOptions,
  type ObservableEngine,
} from '../../local/functions-host/durable/engine.ts';
import type { ManagementAddress, ManagementResponse } from '../../local/functions-host/ports.ts';
import { appRunner } from './durable-app.ts';
import { SILENT } from './silent-logger.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** Where tests pretend that the management API is. */
export const ADDRESS: ManagementAddress = {
  baseUrl: 'http://127.0.0.1:7071/runtime/webhooks/durabletask',
  systemKey: 'a key',
};

/** Status of an instance as the management API answers it. */
export interface Status {
  readonly name: string;
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly customStatus: unknown;
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
  readonly historyEvents?: readonly Readonly<Record<string, unknown>>[];
}

/** An engine in virtual time with what a test does to it. */
export interface EngineUnderTest {
  readonly engine: ObservableEngine;
  readonly clock: VirtualClock;
  /** Sends a request to the management API. */
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
  /** Starts an orchestration; its instance ID. */
  readonly begin: (name: string, input?: unknown, id?: string) => Promise<string>;
  readonly status: (id: string, query?: string) => Promise<Status>;
  /** Lets time pass until the instance has ended. */
  readonly finish: (id: string) => Promise<Status>;
  readonly settled: () => Promise<void>;
  readonly advance: (ms: number) => Promise<void>;
}

/** An answer of the management API, its body read. */
export interface Answer extends ManagementResponse {
  readonly value: unknown;
}

/** Makes and starts an engine for what was registered with the SDK. */
export function startEngine(
  options: Partial<DurableEngineOptions> & { readonly clock?: VirtualClock } = {},
): EngineUnderTest {
  const clock = options.clock ?? createVirtualClock();
  const engine = createDurableEngine({
    runner: appRunner,
    file: ':memory:',
    hubName: 'TestHub',
    uuid: randomUUID,
    logger: SILENT,
    ...options,
    clock,
  });
  engine.start();
  return drive(engine, clock);
}

function drive(engine: ObservableEngine, clock: VirtualClock): EngineUnderTest {
  const settled = () => engine.settled();
  async function call(method: string, path: string, body?: unknown, headers = {}): Promise<Answer> {
    const url = new URL(path, 'http://host');
    const answer = await engine.manage(
      {
        method,
        path: url.pathname,
        query: url.searchParams,
        headers: new Headers(headers),
        body: body === undefined ? '' : JSON.stringify(body),
      },
      ADDRESS,
    );
    return { ...answer, value: readValue(answer) };
  }
  async function status(id: string, query = ''): Promise<Status> {
    return (await call('GET', `/instances/${encodeURIComponent(id)}${query}`)).value as Status;
  }
  return {
    engine,
    clock,
    call,
    status,
    settled,
    async begin(name, input, id) {
      const path = ['', 'orchestrators', name, ...(id === undefined ? [] : [id])].map(encodeURIComponent).join('/');
      const answer = await call('POST', path, input);
      if (answer.status !== 202) throw new Error(`${answer.status} ${answer.body}`);
      return (answer.value as { readonly id: string }).id;
    },
    async finish(id) {
      let last = await status(id);
      await settled();
      for (last = await status(id); !hasEnded(last); last = await status(id)) {
        await clock.runUntil(once(), settled);
      }
      return last;
    },
    advance: (ms) => clock.advance(ms, settled),
  };
}

function hasEnded({ runtimeStatus }: Status): boolean {
  return ['Completed', 'Failed', 'Terminated'].includes(runtimeStatus);
}

/** False once, then true: for one step of the clock. */
function once(): () => boolean {
  let asked = false;
  return () => {
    const before = asked;
    asked = true;
    return before;
  };
}

function readValue({ body, headers }: ManagementResponse): unknown {
  if (body === undefined || body === '') return undefined;
  return headers['Content-Type'] === 'application/json' ? JSON.parse(body) : body;
}
