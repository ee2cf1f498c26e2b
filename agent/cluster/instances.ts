import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { routeClientId } from '../../shared/client-id.ts';
import type { ConnectorDocument } from '../../shared/plan/document.ts';
import { heartbeatTopic } from '../../shared/heartbeat-topic.ts';
import type { Connector } from '../../shared/resources/connector.ts';
import type { Logger } from '../observe/logger.ts';
import type { InstancesSnapshot } from '../observe/snapshot.ts';
import type { Credentials } from '../session/credentials/credentials.ts';
import { type ConnectionSpec, connectionSpecOf } from '../session/credentials/spec.ts';
import type { SessionFault } from '../session/machine.ts';
import type { Cluster } from './cluster.ts';
import { abandoned, avoidedSlots, withClaims, withoutClaims } from './claims.ts';
import { decide } from './decide.ts';
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat, MAX_SLOTS } from './heartbeat.ts';
import { snapshotInstances } from './instances-snapshot.ts';
import { createPresence, type Presence, type PresenceParts } from './presence.ts';
import {
  createRoster,
  forgetful,
  heard,
  isAlive,
  livePeers,
  type Roster,
  sent,
  standingOf,
  wasContested,
  withConnection,
  withDocument,
  withTick,
  withoutConnection,
} from './roster.ts';
import type { ClusterTiming } from './timing.ts';

/** What an instance among others is made of. */
export interface InstancesParts {
  readonly instance: number;
  /** Unique for each process. */
  readonly id: string;
  readonly timing: ClusterTiming;
  readonly connectTimeoutMs: number;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The credentials of the local side of a document. */
  readonly credentialsOf: (connector: Connector) => Credentials;
  /** Other slots are ours than before, or may start now. */
  readonly changed: () => void;
  /** How heartbeats get to the others; over the local broker when absent. */
  readonly presenceOf?: (parts: PresenceParts) => Presence;
  /** Calls `run` every so many milliseconds until the function it returns is called; a timer of Node when absent. */
  readonly every?: (ms: number, run: () => void) => () => void;
}

const POLL_MS = 20;

/** One instance of several: sees the others through the local broker and shares the slots with them. */
export class Instances implements Cluster {
  readonly shared = true;
  readonly #parts: InstancesParts;
  #roster: Roster;
  #document: ConnectorDocument | undefined;
  #spec: ConnectionSpec | undefined;
  #presence: Presence | undefined;
  #state: 'running' | 'leaving' | 'gone' = 'running';
  #applied: string | undefined;
  /** Slots we read all of by the document in force. */
  #reading: ReadonlySet<number> = new Set();
  #seq = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #settled = false;
  #adoptions = 0;
  #fault: SessionFault | undefined;
  #stopTicking: (() => void) | undefined;

  /** Remembers its parts; the first document connects. */
  constructor(parts: InstancesParts) {
    const { id, instance, timing } = parts;
    this.#parts = parts;
    this.#roster = createRoster({ id, instance, timing });
  }

  slotsOf(): ReadonlySet<number> {
    const { claims, releasing } = this.#roster;
    return new Set([...claims.keys()].filter((slot) => !releasing.has(slot)));
  }

  cleared(slot: number): boolean {
    return this.#standing !== 'apart' && !this.#roster.ending.has(slot);
  }

  get settled(): boolean {
    return this.#settled;
  }

  follow(document: ConnectorDocument): void {
    const { now, timing, every = onTimer } = this.#parts;
    this.#document = document;
    const slots = Math.min(document.connector.spec.bridgeInstances, MAX_SLOTS);
    this.#roster = withDocument(this.#roster, slots, document.revision, now());
    this.#connect(document.connector);
    this.#stopTicking ??= every(timing.tickMs, () => this.#tick());
    this.#decide();
  }

  applied({ revision }: ConnectorDocument, slots: ReadonlySet<number>): void {
    if (this.#applied === revision) return;
    // What was taken meanwhile comes with the next move.
    if ([...this.slotsOf()].some((slot) => !slots.has(slot))) return;
    this.#applied = revision;
    this.#reading = new Set();
    this.#beat();
  }

  async agreed(signal: AbortSignal): Promise<void> {
    const { now, timing } = this.#parts;
    const deadline = now() + timing.disagreementMs;
    while (!this.#agree() && now() < deadline && !signal.aborted) await delay(POLL_MS);
  }

  get covered(): boolean {
    const { revision, slots, claims } = this.#roster;
    if (!this.#agree() || this.#applied !== revision) return false;
    const runners = [{ claims, reading: this.#reading }, ...this.#live];
    const isRead = (slot: number) => runners.some((one) => one.claims.has(slot) && one.reading.has(slot));
    return Array.from({ length: slots }, (_, slot) => slot).every(isRead);
  }

  running(slots: ReadonlySet<number>, occupied: ReadonlySet<number>, reading = slots): void {
    const { claims, releasing, ending, slots: total } = this.#roster;
    this.#roster = { ...this.#roster, ending: new Set([...ending].filter((slot) => slots.has(slot))) };
    const news = !isDeepStrictEqual(reading, this.#reading);
    this.#reading = reading;
    const given = [...releasing].filter((slot) => !slots.has(slot));
    const finished = [...claims.keys()].filter((slot) => slot >= total && slots.has(slot) && !occupied.has(slot));
    if (given.length + finished.length === 0) return void (news && this.#beat());
    this.#roster = withoutClaims(this.#roster, [...given, ...finished]);
    if (given.length > 0)
      this.#parts.logger.info({ evt: 'SlotsHandedBack', slots: given }, 'another instance runs them');
    this.#beat();
  }

  takenOver(slot: number): void {
    const { instance, now, timing, logger, changed } = this.#parts;
    if (slot === instance || !this.#roster.claims.has(slot) || this.#standing === 'apart') return;
    // Who took it may be about to say so.
    const pauseMs = wasContested(this.#roster, slot, now()) ? timing.settleMs : timing.cooldownMs;
    this.#roster = { ...this.#roster, cooling: new Map(this.#roster.cooling).set(slot, now() + pauseMs) };
    this.#roster = abandoned(this.#roster, [slot]);
    logger.warn({ evt: 'SlotLost', slot, pauseMs }, 'an instance that is not heard here runs this slot');
    this.#beat();
    changed();
  }

  leave(): void {
    this.#state = 'leaving';
    this.#beat();
  }

  async stop(): Promise<void> {
    this.#stopTicking?.();
    this.#state = 'gone';
    this.#beat();
    await this.#presence?.stop();
  }

  snapshot(): InstancesSnapshot {
    const now = this.#parts.now();
    return snapshotInstances(this.#roster, { now, adoptions: this.#adoptions, fault: this.#fault });
  }

  get #standing() {
    return standingOf(this.#roster, this.#parts.now());
  }

  get #live() {
    return livePeers(this.#roster, this.#parts.now());
  }

  /** Nobody who runs anything has another document in force or is about to. */
  #agree(): boolean {
    const { revision } = this.#roster;
    const agrees = (peer: Heartbeat) => peer.revision === revision && peer.applied === revision;
    return this.#live.every((peer) => peer.claims.size === 0 || agrees(peer));
  }

  #connect(connector: Connector): void {
    const { id, instance, connectTimeoutMs, random, now, credentialsOf, presenceOf = createPresence } = this.#parts;
    const spec = connectionSpecOf(connector, 'local');
    if (this.#presence && isDeepStrictEqual(spec, this.#spec)) return;
    void this.#presence?.stop();
    this.#spec = spec;
    const { name } = connector.metadata;
    const owner = routeClientId(connector.spec.clientIdPrefix, name);
    this.#presence = presenceOf({
      spec,
      credentials: credentialsOf(connector),
      version: connector.spec.protocol === 'v5' ? 5 : 4,
      clientId: `${owner}-instance-${instance}-${id}`,
      topic: heartbeatTopic(name, instance),
      filter: heartbeatTopic(name, '+'),
      will: () => encodeHeartbeat({ ...this.#heartbeat(), state: 'lost' }),
      connectTimeoutMs,
      random,
      now,
      opened: () => this.#opened(),
      closed: (fault, refused) => this.#closed(fault, refused),
      heard: (payload) => this.#heard(payload),
    });
    this.#roster = withoutConnection(this.#roster, false, now());
    this.#presence.start();
  }

  #opened(): void {
    this.#roster = withConnection(this.#roster, this.#parts.now());
    this.#beat();
  }

  #closed(fault: SessionFault, refused: boolean): void {
    const { logger, now } = this.#parts;
    if (this.#fault?.reason !== fault.reason) {
      logger.warn({ evt: 'InstancesUnseen', reason: fault.reason }, `other instances are not heard: ${fault.message}`);
    }
    this.#fault = fault;
    this.#roster = withoutConnection(this.#roster, refused, now());
  }

  #heard(payload: Buffer): boolean {
    const beat = decodeHeartbeat(payload);
    if (!beat) return false;
    const { now } = this.#parts;
    const before = this.#roster;
    const ours = beat.id === before.id && beat.state !== 'lost';
    if (ours) this.#fault = undefined;
    this.#roster = heard(before, beat, now());
    if (isAsked(before, beat, now())) this.#beat();
    this.#decide();
    return ours;
  }

  #tick(): void {
    const { now, timing } = this.#parts;
    this.#roster = forgetful(withTick(this.#roster, now()), now());
    if (now() - this.#sentAt >= timing.heartbeatMs) {
      this.#beat();
      this.#roster = sent(this.#roster);
    }
    this.#decide();
  }

  #decide(): void {
    if (this.#state !== 'running' || !this.#document) return;
    const { now, logger, changed } = this.#parts;
    const { acquire, release, surrender } = decide(this.#roster, now());
    const settled = this.#settled || this.#standing !== 'apart';
    if (acquire.length + release.length + surrender.length === 0 && settled === this.#settled) return;
    this.#settled = settled;
    if (surrender.length > 0) {
      this.#roster = abandoned(this.#roster, surrender);
      logger.warn(
        { evt: 'SlotsSurrendered', slots: surrender },
        'another instance runs them since this one was not heard',
      );
    }
    this.#claim(acquire);
    this.#roster = { ...this.#roster, releasing: new Set([...this.#roster.releasing, ...release]) };
    if (acquire.length + surrender.length > 0) this.#beat();
    changed();
  }

  #claim(slots: readonly number[]): void {
    if (slots.length === 0) return;
    this.#roster = withClaims(this.#roster, slots);
    this.#applied = undefined;
    const { instance, logger } = this.#parts;
    const adopted = slots.filter((slot) => slot !== instance);
    if (adopted.length < slots.length) logger.info({ evt: 'SlotsTaken', slots: [instance] }, 'starting');
    this.#adoptions += adopted.length;
    if (adopted.length > 0) logger.info({ evt: 'SlotsAdopted', slots: adopted }, 'their own instance is not there');
  }

  #beat(): void {
    if (!this.#presence || this.#roster.connectedAt === undefined) return;
    this.#sentAt = this.#parts.now();
    this.#presence.publish(encodeHeartbeat(this.#heartbeat()));
  }

  #heartbeat(): Heartbeat {
    const { id, instance, revision, claims } = this.#roster;
    const avoided = avoidedSlots(this.#roster, this.#parts.now());
    this.#seq++;
    const [state, applied, reading] = [this.#state, this.#applied, this.#reading];
    return { id, instance, seq: this.#seq, state, revision, applied, claims, avoided, reading };
  }
}

/** Whether somebody must know at once that we live and what we run. */
function isAsked(roster: Roster, { id, state }: Heartbeat, now: number): boolean {
  // The broker said our will for a connection that has a successor.
  if (id === roster.id) return state === 'lost';
  const known = roster.peers.get(id);
  return state === 'running' && !(known && isAlive(roster, known, now));
}

function onTimer(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
}
