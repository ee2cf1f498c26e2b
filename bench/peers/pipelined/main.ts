import type { IPublishPacket, MqttClient } from 'mqtt';
import type { BridgeTask } from '../../contenders/contender.ts';
import { openLanes, publishOptions } from '../lane.ts';

interface Held {
  readonly messageId: number;
  delivered: boolean;
}

/** Keeps the source's acknowledgements in order of receipt while publishes overlap. */
function orderedAcks(source: MqttClient) {
  const held: Held[] = [];
  return {
    hold(packet: IPublishPacket): Held {
      const entry = { messageId: packet.messageId ?? 0, delivered: false };
      held.push(entry);
      return entry;
    },
    release(entry: Held): void {
      entry.delivered = true;
      let ready = 0;
      while (held[ready]?.delivered) ready += 1;
      for (const { messageId } of held.splice(0, ready)) {
        // No public way to acknowledge later than inside handleMessage.
        source['_sendPacket']({ cmd: 'puback', messageId, reasonCode: 0 });
      }
    },
  };
}

const task = JSON.parse(process.argv[2] ?? '') as BridgeTask;
const deferred = new Error('acknowledged later');
await openLanes(task, ({ source, target }) => {
  const acks = orderedAcks(source);
  source.handleMessage = (packet, done) => {
    const entry = packet.qos === 0 ? undefined : acks.hold(packet);
    target.publish(packet.topic, packet.payload, publishOptions(packet), (error) => {
      if (entry && !error) acks.release(entry);
    });
    // An error makes mqtt.js go on without an acknowledgement of its own.
    done(entry ? deferred : undefined);
  };
});
