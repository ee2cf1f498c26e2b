import type { Clock } from '../broker/clock.ts';
import type { LifeCycleCloudEvent } from './cloud-events.ts';
import { sendRequest, type HttpTarget } from './http-request.ts';

/** Delivers life-cycle events to a subscriber, in batches. */
export interface EventWebhook {
  push(event: LifeCycleCloudEvent): void;
  /** Tries once more to deliver what waits; resolves when nothing does. */
  close(): Promise<void>;
}

/** What a webhook reports and obeys. */
export interface EventWebhookParts {
  readonly clock: Clock;
  /** So many events were given up. */
  readonly undelivered: (count: number, detail: string) => void;
}

/** Events in one request, and events that wait for one. */
const LARGEST_BATCH = 100;
const LONGEST_QUEUE = 10_000;

/** Milliseconds between attempts, as Event Grid's first ones: then events are given up. */
export const RETRY_DELAYS_MS: readonly number[] = [10_000, 30_000, 60_000, 300_000, 600_000];

const ORIGIN = 'eventgrid.azure.net';

/** Why an attempt failed, and whether another one can do better. */
interface Fault {
  readonly detail: string;
  readonly final: boolean;
}

/** A request the receiver does not want will not be wanted later. */
function faultOf(status: number): Fault | undefined {
  if (status >= 200 && status < 300) return undefined;
  const final = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return { detail: `the subscriber answered ${status}`, final };
}

/** CloudEvents 1.0 web hooks, 4: nothing is delivered to who has not agreed to it. */
async function askPermission(target: HttpTarget): Promise<Fault | undefined> {
  const { status, headers } = await sendRequest(target, {
    method: 'OPTIONS',
    headers: { 'webhook-request-origin': ORIGIN },
  });
  const fault = faultOf(status);
  const allowed = headers['webhook-allowed-origin'];
  if (fault !== undefined || allowed === '*' || allowed === ORIGIN) return fault;
  return { detail: 'the subscriber does not allow deliveries (WebHook-Allowed-Origin)', final: true };
}

async function post(target: HttpTarget, batch: readonly LifeCycleCloudEvent[]): Promise<Fault | undefined> {
  const { status } = await sendRequest(target, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json; charset=utf-8', 'aeg-event-type': 'Notification' },
    body: JSON.stringify(batch),
  });
  return faultOf(status);
}

interface State extends EventWebhookParts {
  readonly target: HttpTarget;
  readonly retryDelaysMs: readonly number[];
  queue: LifeCycleCloudEvent[];
  running: Promise<void> | undefined;
  permitted: boolean;
  closing: boolean;
  /** Ends the pause before the next attempt. */
  cutShort: () => void;
}

function pause(state: State, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = state.clock.after(ms, resolve);
    state.cutShort = () => {
      stop();
      resolve();
    };
  });
}

async function attempt(state: State, batch: readonly LifeCycleCloudEvent[]): Promise<Fault | undefined> {
  try {
    const refused = state.permitted ? undefined : await askPermission(state.target);
    if (refused !== undefined) return refused;
    state.permitted = true;
    return await post(state.target, batch);
  } catch (error) {
    return { detail: error instanceof Error ? error.message : String(error), final: false };
  }
}

async function deliver(state: State, batch: readonly LifeCycleCloudEvent[]): Promise<void> {
  for (let failed = 0; ; failed += 1) {
    const last = state.closing;
    const fault = await attempt(state, batch);
    if (fault === undefined) return;
    const delay = state.retryDelaysMs[failed];
    if (last) return state.undelivered(batch.length + state.queue.splice(0).length, fault.detail);
    if (fault.final || delay === undefined) return state.undelivered(batch.length, fault.detail);
    if (!state.closing) await pause(state, delay);
  }
}

async function run(state: State): Promise<void> {
  // Events of one turn of the event loop go together.
  await new Promise((resolve) => setImmediate(resolve));
  while (state.queue.length > 0) {
    const batch = state.queue.slice(0, LARGEST_BATCH);
    state.queue = state.queue.slice(LARGEST_BATCH);
    await deliver(state, batch);
  }
  state.running = undefined;
}

/** A webhook to which nothing was delivered yet; events come in order, and again where an answer was lost. */
export function createEventWebhook(
  target: HttpTarget,
  parts: EventWebhookParts,
  retryDelaysMs = RETRY_DELAYS_MS,
): EventWebhook {
  const state: State = {
    ...parts,
    target,
    retryDelaysMs,
    queue: [],
    running: undefined,
    permitted: false,
    closing: false,
    cutShort: () => {},
  };
  return {
    push(event) {
      if (state.queue.length >= LONGEST_QUEUE) {
        state.queue.shift();
        state.undelivered(1, `more than ${LONGEST_QUEUE} events wait`);
      }
      state.queue.push(event);
      state.running ??= run(state);
    },
    async close() {
      state.closing = true;
      state.cutShort();
      await state.running;
    },
  };
}
