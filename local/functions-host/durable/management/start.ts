import type { ManagementAddress, ManagementResponse } from '../../ports.ts';
import type { Hub } from '../hub.ts';
import { freshStart, start } from '../life-cycle.ts';
import { isInstanceId, isTerminal } from '../model.ts';
import { linksOf } from './addresses.ts';
import { BadRequest, json, jsonTextAnswer, problem, readBody } from './answers.ts';
import { bodyOf } from './instances.ts';
import type { Call } from './call.ts';

/** Starts orchestrations, and waits for them where that is asked for. */
export interface Starter {
  readonly start: (call: Call) => Promise<ManagementResponse>;
  readonly ended: (instance: string) => void;
  readonly stop: () => void;
}

/** Makes what starts orchestrations. */
export function createStarter(): Starter {
  const waiting = new Map<string, Set<() => void>>();

  function ended(instance: string): void {
    for (const wake of waiting.get(instance) ?? []) wake();
  }

  /** Resolves when the instance has ended, after `ms` milliseconds at the latest. */
  async function wait({ clock }: Hub, instance: string, ms: number): Promise<void> {
    const wakes = waiting.get(instance) ?? new Set();
    waiting.set(instance, wakes);
    await new Promise<void>((resolve) => {
      const cancel = clock.callAt(clock.now() + ms, wake);
      function wake(): void {
        cancel();
        wakes.delete(wake);
        resolve();
      }
      wakes.add(wake);
    });
    if (wakes.size === 0) waiting.delete(instance);
  }

  return {
    async start(call) {
      const { hub, request, address } = call;
      const timeout = timeoutOf(request.query);
      const { answer, id } = startNew(call);
      if (answer !== undefined) return answer;
      if (timeout !== undefined) await wait(hub, id, timeout);
      return timeout === undefined ? accepted(id, address) : outcome(hub, id, address);
    },
    ended,
    stop: () => [...waiting.keys()].forEach(ended),
  };
}

function timeoutOf(query: URLSearchParams): number | undefined {
  const text = query.get('timeout');
  if (text === null) return undefined;
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400)) throw new BadRequest('timeout must be a number of seconds, at most a day.');
  return seconds * 1000;
}

function startNew({ hub, request, values }: Call): { readonly id: string; readonly answer?: ManagementResponse } {
  const [asked = '', id = newId(hub)] = values;
  checkId(id);
  const name = hub.functions.find('orchestration', asked);
  if (name === undefined)
    return { id, answer: problem(400, `The app has no orchestration function named '${asked}'.`) };
  const input = readBody(request.body);
  const version = request.query.get('version') ?? undefined;
  const refused = hub.change((outbox) => start(hub.store, outbox, freshStart(hub, { id, name, version, input })));
  return refused === undefined ? { id } : { id, answer: problem(409, refused) };
}

/** An ID for an instance that was given none. */
export function newId({ uuid }: Hub): string {
  return uuid().replaceAll('-', '');
}

function checkId(id: string): void {
  if (isInstanceId(id)) return;
  throw new BadRequest('An instance ID has 1 to 100 characters, none of / \\ # ?, and does not begin with @.');
}

/** The answer to whoever started an instance. */
export function accepted(id: string, address: ManagementAddress): ManagementResponse {
  const links = linksOf(id, address);
  return json(202, links, { Location: links['statusQueryGetUri'] ?? '', 'Retry-After': '10' });
}

function outcome(hub: Hub, id: string, address: ManagementAddress): ManagementResponse {
  const instance = hub.store.instances.read(id);
  if (instance === undefined || !isTerminal(instance.status)) return accepted(id, address);
  if (instance.status === 'Completed') return jsonTextAnswer(200, instance.output ?? 'null');
  return jsonTextAnswer(instance.status === 'Failed' ? 500 : 200, bodyOf(instance, { input: true }));
}
