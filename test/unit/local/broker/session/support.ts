import { createOutbound, type Delivery, type Outbound } from '../../../../../local/broker/session/outbound.ts';
import { genericProfile, type BrokerProfile } from '../../../../../local/broker/profile.ts';
import type { DropCause } from '../../../../../local/broker/events.ts';
import type { Qos } from '../../../../../local/broker/codec/publish.ts';

/** A delivery of a payload at a QoS. */
export function delivery(payload: string, qos: Qos, fields: Partial<Delivery> = {}): Delivery {
  const message = {
    topic: 't',
    qos,
    retain: false,
    payload: Buffer.from(payload),
    properties: Buffer.alloc(0),
    expiresAt: undefined,
    publisher: undefined,
    frames: new Map(),
  };
  return { message, qos, retain: false, subscriptionIds: [], group: undefined, ...fields };
}

/** An outbound side whose link writes into a list; `room` opens and closes its socket. */
export interface Rig {
  readonly outbound: Outbound;
  readonly sent: string[];
  readonly dropped: [string, DropCause][];
  room: boolean;
  now: number;
  readonly connect: (receiveMaximum?: number, maximumPayload?: number) => void;
}

/** Makes a rig with a profile of its own. */
export function createRig(profile: Partial<BrokerProfile> = {}): Rig {
  const sent: string[] = [];
  const dropped: [string, DropCause][] = [];
  const rig: Rig = {
    sent,
    dropped,
    room: true,
    now: 0,
    outbound: createOutbound({
      bounds: { ...genericProfile, ...profile },
      now: () => rig.now,
      dropped: ({ message }, cause) => void dropped.push([message.payload.toString(), cause]),
    }),
    connect(receiveMaximum = 0xffff, maximumPayload = Infinity) {
      rig.outbound.attach({
        version: 5,
        receiveMaximum,
        ready: () => rig.room,
        end: () => {},
        sendPubrel: (packetId, reasonCode) => void sent.push(`pubrel ${packetId} ${reasonCode}`),
        sendPublish({ message, qos }, packetId, dup) {
          if (message.payload.length > maximumPayload) return false;
          sent.push(`${message.payload.toString()} q${qos} #${packetId}${dup ? ' dup' : ''}`);
          return true;
        },
      });
      rig.outbound.pump();
    },
  };
  return rig;
}
