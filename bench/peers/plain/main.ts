import type { BridgeTask } from '../../contenders/contender.ts';
import { openLanes, publishOptions } from '../lane.ts';

// The bridge most people would write: publish, await, then let mqtt.js acknowledge the source.
const task = JSON.parse(process.argv[2] ?? '') as BridgeTask;
await openLanes(task, ({ source, target }) => {
  source.handleMessage = (packet, done) => {
    target.publishAsync(packet.topic, packet.payload, publishOptions(packet)).then(() => done(), done);
  };
});
