import type { IPubackPacket, IPubcompPacket, IPubrecPacket } from 'mqtt-packet';
import { encodeAck, encodePublish, type OutgoingPublish, type Version } from './codec.ts';

/** The packet that ended a publish: PUBACK, PUBCOMP, or a PUBREC that refused it. */
export type FinalAck = IPubackPacket | IPubrecPacket | IPubcompPacket;

// The identifiers above are left to SUBSCRIBE and UNSUBSCRIBE.
const LAST_ID = 59_999;

interface InFlight {
  readonly message: OutgoingPublish;
  readonly done: (ack: FinalAck) => void;
  readonly failed: (error: Error) => void;
  phase: 'publish' | 'pubrel';
}

/** What an MQTT client remembers over connections; hand the same one to the next connection to resume. */
export interface ClientSession {
  /** Messages sent and not yet acknowledged to the end. */
  readonly inFlight: () => number;
  /** Takes a message of QoS 1 or 2 on and returns its packet identifier and its end. */
  readonly take: (message: OutgoingPublish) => { id: number; ack: Promise<FinalAck> };
  /** Handles an ack, and returns the PUBREL to send if it was a PUBREC. */
  readonly acked: (ack: FinalAck) => Buffer | undefined;
  /** The packets to send again on a new connection, in their original order (MQTT5 4.4). */
  readonly resume: (version: Version, sessionPresent: boolean) => Buffer[];
  /** Fails everything in flight. */
  readonly fail: (error: Error) => void;
  /** Notes the QoS 2 message with this identifier, and tells whether it is a new one. */
  readonly receive: (id: number) => boolean;
  readonly release: (id: number) => void;
}

/** Starts an empty session. */
export function createClientSession(): ClientSession {
  const inFlight = new Map<number, InFlight>();
  const unreleased = new Set<number>();
  let last = 0;
  return {
    inFlight: () => inFlight.size,
    take(message) {
      do last = (last % LAST_ID) + 1;
      while (inFlight.has(last));
      const id = last;
      const ack = new Promise<FinalAck>((done, failed) =>
        inFlight.set(id, { message, done, failed, phase: 'publish' }),
      );
      return { id, ack };
    },
    acked(ack) {
      const id = ack.messageId ?? 0;
      const entry = inFlight.get(id);
      if (ack.cmd === 'pubrec' && (ack.reasonCode ?? 0) < 0x80) {
        if (entry) entry.phase = 'pubrel';
        return encodeAck('pubrel', id);
      }
      inFlight.delete(id);
      entry?.done(ack);
      return undefined;
    },
    resume(version, sessionPresent) {
      if (!sessionPresent) unreleased.clear();
      return [...inFlight].map(([id, { message, phase }]) =>
        phase === 'pubrel' ? encodeAck('pubrel', id) : encodePublish(version, { ...message, dup: sessionPresent }, id),
      );
    },
    fail(error) {
      for (const { failed } of inFlight.values()) failed(error);
      inFlight.clear();
    },
    receive(id) {
      const fresh = !unreleased.has(id);
      unreleased.add(id);
      return fresh;
    },
    release: (id) => void unreleased.delete(id),
  };
}
