import type { Clock } from '../clock.ts';
import type { ProtocolVersion, Qos } from '../codec/publish.ts';
import type { DisconnectCause, DropCause } from '../events.ts';
import type { Message } from '../message.ts';
import type { BrokerProfile } from '../profile.ts';
import { reason } from '../reason.ts';
import type { SharedGroup } from '../routing/shared.ts';
import { createUnfinishedList, type Unfinished, type UnfinishedList } from './unfinished.ts';
import { createWaiting, type QueueBounds, type Waiting } from './waiting.ts';

/** One message on its way to one session. */
export interface Delivery {
  readonly message: Message;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly subscriptionIds: readonly number[];
  /** The shared subscription it came by, which may give it to another member. */
  readonly group: SharedGroup | undefined;
}

/** The connection as a session uses it. */
export interface SessionLink {
  readonly version: ProtocolVersion;
  /** Unfinished messages the client takes at a time. */
  readonly receiveMaximum: number;
  /** False while the socket does not keep up. */
  ready(): boolean;
  /** False when the packet would be larger than the client allows. */
  sendPublish(delivery: Delivery, packetId: number, dup: boolean): boolean;
  sendPubrel(packetId: number, reasonCode: number): void;
  /** Ends the connection with an MQTT 5 reason code; the cause follows from the code unless given. */
  readonly end: (reasonCode: number, cause?: DisconnectCause) => void;
}

/** What a session has yet to send or have acknowledged, in order. */
export interface Outbound {
  /** False when the bounds of the queue end the session. */
  add(delivery: Delivery): boolean;
  /** Takes a new connection: what the last one left unfinished is sent again first, in the original order. */
  attach(link: SessionLink): void;
  detach(): void;
  /** Sends while window and socket allow. */
  pump(): void;
  /** False for a packet identifier that is not waiting for it, as with the next two. */
  puback(packetId: number): boolean;
  pubrec(packetId: number, reasonCode: number): boolean;
  pubcomp(packetId: number): boolean;
  /** Gives up, in order, those wanted deliveries that the receiver has not acknowledged. */
  surrender(wanted: (delivery: Delivery) => boolean): Delivery[];
  readonly queued: number;
  readonly inflight: number;
}

type Bounds = QueueBounds &
  Pick<BrokerProfile, 'maximumInflightMessages' | 'maximumInflightBytes' | 'queueQos0Offline'>;

/** Holds deliveries back to keep a rate. */
export interface Pacing {
  /** Milliseconds the next delivery has to wait; 0 lets it go now and counts it. */
  readonly wait: (delivery: Delivery) => number;
  readonly after: Clock['after'];
}

/** What an Outbound needs to know of its broker. */
export interface OutboundContext {
  readonly pacing?: Pacing | undefined;
  readonly bounds: Bounds;
  readonly now: () => number;
  readonly dropped: (delivery: Delivery, cause: DropCause) => void;
}

interface State extends OutboundContext {
  readonly waiting: Waiting;
  readonly unfinished: UnfinishedList;
  /** Left over from an earlier connection, to be sent again before anything new. */
  again: Unfinished[];
  link: SessionLink | undefined;
  /** Stops the wait for the rate to allow more. */
  stopWaiting: (() => void) | undefined;
}

function windowOpen({ bounds, unfinished }: State, link: SessionLink, { message }: Delivery): boolean {
  const window = Math.min(bounds.maximumInflightMessages, link.receiveMaximum);
  return unfinished.open(window, bounds.maximumInflightBytes, message.payload.length);
}

/** Whether the rate allows this delivery now; otherwise sending goes on by itself when it does. */
function mayGo(state: State, delivery: Delivery): boolean {
  const { pacing } = state;
  if (pacing === undefined) return true;
  if (state.stopWaiting !== undefined) return false;
  const wait = pacing.wait(delivery);
  if (wait <= 0) return true;
  state.stopWaiting = pacing.after(wait, () => {
    state.stopWaiting = undefined;
    pump(state);
  });
  return false;
}

function transmit(state: State, link: SessionLink, item: Unfinished, dup: boolean): void {
  if (link.sendPublish(item.delivery, item.packetId, dup)) return;
  // MQTT5 3.1.2.11.4: discarded, then as if its delivery were complete.
  state.unfinished.finish(item);
  state.dropped(item.delivery, 'too-large');
}

/** False when nothing more can be sent again now. */
function sendAgain(state: State, link: SessionLink): boolean {
  const [item] = state.again;
  if (item === undefined || !windowOpen(state, link, item.delivery)) return false;
  if (item.stage === 'sent' && !mayGo(state, item.delivery)) return false;
  state.again.shift();
  // It may have been given to another member of its group meanwhile.
  if (state.unfinished.get(item.packetId) !== item) return true;
  state.unfinished.count(item);
  if (item.stage === 'released') link.sendPubrel(item.packetId, reason.success);
  else transmit(state, link, item, true);
  return true;
}

/** False when nothing more can be sent now. */
function sendNext(state: State, link: SessionLink): boolean {
  const { waiting, unfinished, dropped } = state;
  const delivery = waiting.peek();
  if (delivery === undefined) return false;
  const { expiresAt } = delivery.message;
  if (expiresAt !== undefined && expiresAt <= state.now()) {
    waiting.shift();
    dropped(delivery, 'expired');
    return true;
  }
  if (delivery.qos === 0) {
    if (!mayGo(state, delivery)) return false;
    waiting.shift();
    if (!link.sendPublish(delivery, 0, false)) dropped(delivery, 'too-large');
    return true;
  }
  if (!windowOpen(state, link, delivery) || !mayGo(state, delivery)) return false;
  waiting.shift();
  transmit(state, link, unfinished.begin(delivery), false);
  return true;
}

function pump(state: State): void {
  while (state.link?.ready() === true) {
    if (state.again.length > 0 ? !sendAgain(state, state.link) : !sendNext(state, state.link)) return;
  }
}

function add(state: State, delivery: Delivery): boolean {
  const { bounds, dropped, link, waiting } = state;
  if (link === undefined && delivery.qos === 0 && !bounds.queueQos0Offline) {
    dropped(delivery, 'offline');
    return true;
  }
  const admission = waiting.offer(delivery);
  if (admission.kind !== 'queued') {
    dropped(delivery, 'queue-full');
    return admission.kind === 'refused';
  }
  for (const oldest of admission.pushedOut) dropped(oldest, 'queue-full');
  pump(state);
  return true;
}

/** The delivery that waits for this acknowledgement on the present connection. */
function awaiting({ unfinished }: State, packetId: number, qos: Qos): Unfinished | undefined {
  const item = unfinished.get(packetId);
  return item?.delivery.qos === qos && item.counted ? item : undefined;
}

function finish(state: State, item: Unfinished | undefined): boolean {
  if (item === undefined) return false;
  state.unfinished.finish(item);
  pump(state);
  return true;
}

function pubrec(state: State, packetId: number, reasonCode: number): boolean {
  const item = awaiting(state, packetId, 2);
  if (item === undefined) {
    state.link?.sendPubrel(packetId, reason.packetIdentifierNotFound);
    return false;
  }
  if (reasonCode >= reason.unspecified) return finish(state, item);
  item.stage = 'released';
  state.link?.sendPubrel(packetId, reason.success);
  return true;
}

function surrender({ unfinished, waiting }: State, wanted: (delivery: Delivery) => boolean): Delivery[] {
  // MQTT5 4.8.2: a QoS 2 message stays with its receiver once it was sent.
  const sent = unfinished.all().filter(({ delivery }) => delivery.qos === 1 && wanted(delivery));
  for (const item of sent) unfinished.finish(item);
  return [...sent.map(({ delivery }) => delivery), ...waiting.extract(wanted)];
}

/** An empty outbound side of a session. */
export function createOutbound(context: OutboundContext): Outbound {
  const state: State = {
    ...context,
    waiting: createWaiting(context.bounds),
    unfinished: createUnfinishedList(),
    again: [],
    link: undefined,
    stopWaiting: undefined,
  };
  return {
    add: (delivery) => add(state, delivery),
    attach(link) {
      state.link = link;
      state.again = state.unfinished.restart();
    },
    detach() {
      state.link = undefined;
      state.stopWaiting?.();
      state.stopWaiting = undefined;
    },
    pump: () => pump(state),
    puback: (packetId) => finish(state, awaiting(state, packetId, 1)),
    pubrec: (packetId, reasonCode) => pubrec(state, packetId, reasonCode),
    pubcomp(packetId) {
      const item = awaiting(state, packetId, 2);
      return finish(state, item?.stage === 'released' ? item : undefined);
    },
    surrender: (wanted) => surrender(state, wanted),
    get queued() {
      return state.waiting.size;
    },
    get inflight() {
      return state.unfinished.size;
    },
  };
}
