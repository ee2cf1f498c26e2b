import type { Lane } from '../../../../agent/forward/lane.ts';
import { faultOfCode } from '../../../../agent/session/faults.ts';
import type { Control, SubscribeOptions } from '../../../../agent/session/mqtt-client.ts';
import { createRequestPace } from '../../../../agent/session/request-pace.ts';
import { type Subscription, Subscriptions } from '../../../../agent/session/subscriptions.ts';
import type { RouteInput } from '../../../../shared/resources/topic-map.ts';
import { sampleRoute } from '../../shared/sample.ts';

type Said = readonly ['subscribe', string, SubscribeOptions] | readonly ['unsubscribe', string];

/** A control channel whose broker answers SUBSCRIBE with the given codes, in turn, and then with success. */
export function fakeControl(codes: number[] = []) {
  const said: Said[] = [];
  let alive = true;
  const control: Control = {
    read: () => undefined,
    reauthenticate: () => Promise.resolve(),
    async subscribe(filters, options) {
      said.push(['subscribe', filters.join(' '), options]);
      if (!alive) throw new Error('gone');
      return filters.map(() => codes.shift() ?? options.qos);
    },
    async unsubscribe(filter) {
      said.push(['unsubscribe', filter]);
      if (!alive) throw new Error('gone');
    },
    dispose() {
      alive = false;
    },
  };
  return { control, said };
}

export function laneOf(route: Partial<RouteInput> = {}): Lane {
  // Subscriptions touch nothing else of a lane.
  return { route: sampleRoute(route), subscribed: false } as Partial<Lane> as Lane;
}

interface Setting {
  readonly filtersPerSubscribe?: number;
  readonly perSecond?: number;
}

export function setUp(
  publishes = true,
  { filtersPerSubscribe = 1, perSecond = Number.POSITIVE_INFINITY }: Setting = {},
) {
  const clock = { now: 1000 };
  const pauses: { readonly ms: number; readonly run: () => void }[] = [];
  const granted: string[] = [];
  const refused: [string, number][] = [];
  const later: (() => void)[] = [];
  const subscriptions = new Subscriptions({
    publishes,
    filtersPerSubscribe,
    pace: createRequestPace(perSecond, () => clock.now),
    granted: ({ filter }) => void granted.push(filter),
    explain: (_subscription, reasonCode) => faultOfCode(reasonCode),
    refused: ({ filter, lane }) => void refused.push([filter, lane.fault?.reasonCode ?? 0]),
    later: (pause, run) => {
      if (pause === 'refused') later.push(run);
      else pauses.push({ ms: pause, run });
    },
  });
  const add = (filter: string, route: Partial<RouteInput> = {}): Subscription => {
    const subscription = { filter, lane: laneOf(route) };
    subscriptions.add(subscription);
    return subscription;
  };
  /** Lets the pause that is under way pass. */
  const pass = () => {
    const pause = pauses.shift();
    clock.now += pause?.ms ?? 0;
    pause?.run();
    return pause?.ms;
  };
  return { subscriptions, granted, refused, later, add, pass };
}

/** Lets promises that are fulfilled call back. */
export const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));
export const filters = (said: readonly Said[]) => said.map(([verb, filter]) => `${verb} ${filter}`);
