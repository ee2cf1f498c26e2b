import { expect } from 'vitest';
import type { Version } from './codec.ts';
import { checkDelivery, type DeliveryExpectation } from './delivery.ts';
import { startConsumer, startProducer } from './load.ts';
import type { Scope } from './scope.ts';

/** Where the load goes, and how much of it. */
export interface TwoWayLoadOptions {
  /** Ports of the brokers. */
  readonly local: number;
  readonly remote: number;
  /** Topics `up/NAME` are sent at the local broker, `down/NAME` at the remote one. */
  readonly names: readonly string[];
  /** Messages a second in each direction, over all topics. */
  readonly rate: number;
  readonly version?: Version;
}

/** QoS 1 messages from each broker to the other. */
export interface TwoWayLoad {
  /** Waits until everything sent up to now has arrived, and so much more as is sent in these seconds. */
  readonly flows: (seconds?: number) => Promise<void>;
  /** Stops, waits until all has arrived, and expects what the rules say in both directions; returns the two texts. */
  readonly end: (rules: DeliveryExpectation, deadlineMs?: number) => Promise<readonly string[]>;
}

/** Subscribes above and below, then starts sending. */
export async function startTwoWayLoad(scope: Scope, options: TwoWayLoadOptions): Promise<TwoWayLoad> {
  const { local, remote, names, rate, version = 5 } = options;
  const [above, below] = await Promise.all([
    startConsumer(scope, { port: remote, version, clientId: 'above', filters: 'up/#' }),
    startConsumer(scope, { port: local, version, clientId: 'below', filters: 'down/#' }),
  ]);
  const topics = (root: string) => names.map((name) => `${root}/${name}`);
  const up = startProducer(scope, { port: local, version, name: 'up', topics: topics('up'), rate });
  const down = startProducer(scope, { port: remote, version, name: 'down', topics: topics('down'), rate });
  const arrived = async (more: number, deadlineMs?: number) => {
    const [sentUp, sentDown] = [up.log.sent.length + more, down.log.sent.length + more];
    await Promise.all([above.received(sentUp, deadlineMs), below.received(sentDown, deadlineMs)]);
  };
  return {
    flows: (seconds = 0.5) => arrived(seconds * rate),
    async end(rules, deadlineMs) {
      await Promise.all([up.stop(), down.stop()]);
      await arrived(0, deadlineMs);
      const upward = checkDelivery(up.log.sent, above.log.received, rules);
      const downward = checkDelivery(down.log.sent, below.log.received, rules);
      expect(upward.ok, upward.text).toBe(true);
      expect(downward.ok, downward.text).toBe(true);
      return [upward.text, downward.text];
    },
  };
}
