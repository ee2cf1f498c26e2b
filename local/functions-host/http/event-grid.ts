import type { LoadedApp } from '../app/app.ts';
import { type HostedFunction, type Triggered, triggeredBy } from '../app/functions.ts';
import type { Invocation } from '../app/invoke.ts';
import type { SystemEndpoint, SystemRequest } from './front.ts';
import type { Answer } from './respond.ts';

/** What the webhook is made of. */
export interface EventGridOptions {
  readonly app: LoadedApp;
  readonly extraInputs: (target: HostedFunction) => Invocation['inputs'];
  readonly failed: (name: string, error: unknown) => void;
}

/** The webhook that Event Grid delivers to: `?functionName=F&code=K`; one invocation per event. */
export function eventGridEndpoint(options: EventGridOptions): SystemEndpoint {
  const functions = triggeredBy(options.app.functions, 'eventGrid');
  return {
    path: '/runtime/webhooks/eventgrid',
    door: 'eventgrid_extension',
    async answer(request) {
      const name = request.target.url.searchParams.get('functionName') ?? '';
      const target = functions.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
      if (target === undefined) return text(404, 'there is no such function with an Event Grid trigger');
      return take(options, target, request);
    },
  };
}

async function take(
  options: EventGridOptions,
  target: Triggered<'eventGrid'>,
  request: SystemRequest,
): Promise<Answer> {
  const { method, headersDistinct } = request.message;
  const header = (name: string) => headersDistinct[name]?.[0];
  if (method === 'OPTIONS') return allowOrigin(header('webhook-request-origin'));
  if (method !== 'POST') return text(405, 'events are posted');
  const events = eventsOf(request.body);
  if (events === undefined) return text(400, 'the body is no JSON object or array of objects');
  const type = header('aeg-event-type');
  if (type === 'SubscriptionValidation') return confirm(events);
  return type === 'Unsubscribe' ? { status: 202 } : invokeAll(options, target, events);
}

/** Abuse protection of HTTP webhooks for CloudEvents, section 4: who asks is allowed what it asks for. */
function allowOrigin(origin: string | undefined): Answer {
  if (origin === undefined) return text(400, 'WebHook-Request-Origin is missing');
  return { status: 200, headers: { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' } };
}

function eventsOf(body: Buffer): object[] | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const events = Array.isArray(value) ? value : [value];
    return events.every((event) => typeof event === 'object' && event !== null) ? events : undefined;
  } catch {
    return undefined;
  }
}

function confirm([event]: readonly object[]): Answer {
  const code = (event as { data?: { validationCode?: unknown } } | undefined)?.data?.validationCode;
  if (typeof code !== 'string') return text(400, 'data.validationCode is missing');
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return { status: 200, headers, body: JSON.stringify({ validationResponse: code }) };
}

/** Event Grid delivers a batch again as a whole, so one failure fails it. */
async function invokeAll(
  { app, extraInputs, failed }: EventGridOptions,
  target: Triggered<'eventGrid'>,
  events: readonly object[],
): Promise<Answer> {
  const invoked = events.map((event) => {
    const data = { json: JSON.stringify(event) };
    return app.invoke(target.name, {
      inputs: [{ name: target.input, data }, ...extraInputs(target)],
      triggerMetadata: { data: { json: JSON.stringify((event as { data?: unknown }).data ?? null) } },
    });
  });
  const results = await Promise.allSettled(invoked);
  const failures = results.filter((result) => result.status === 'rejected');
  for (const { reason } of failures) failed(target.name, reason);
  return { status: failures.length === 0 ? 202 : 500 };
}

function text(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
