import type { DoneCallback, IPublishPacket } from 'mqtt';
import type { BridgeTask } from '../../contenders/contender.ts';
import { openLanes, publishOptions } from '../lane.ts';

// The bridge most people would write: publish, await, then let mqtt.js acknowledge the source.
const task = JSON.parse(process.argv[2] ?? '') as BridgeTask;
await openLanes(task, ({ source, target }) => {
  const forward = async (packet: IPublishPacket, done: DoneCallback) => {
    try {
      await target.publishAsync(packet.topic, packet.payload, publishOptions(packet));
      done();
    } catch (error) {
      done(error as Error);
    }
  };
  source.handleMessage = (packet, done) => void forward(packet, done);
});
