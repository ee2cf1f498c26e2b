import type { QoS } from 'mqtt-packet';
import type { OutgoingPublish, Version } from '../support/codec.ts';
import type { Arrival } from './arrival.ts';

/** The two contenders: Mosquitto's own bridge and our agent. */
export type Contender = 'mosquitto' | 'ours';

/** The two brokers of a bridge; Mosquitto's bridge is part of the local one. */
export type End = 'local' | 'remote';

/** One flow of messages, as both contenders can be told about it. */
export interface Flow {
  /** Seen from the local broker, as in Mosquitto's `topic` line. */
  readonly direction: 'out' | 'in';
  /** Topic filter behind the prefixes; empty when the prefixes are whole topics. */
  readonly pattern: string;
  readonly qos: QoS;
  readonly localPrefix?: string;
  readonly remotePrefix?: string;
  /** Our target, where a prefix makes the topic another one. */
  readonly target?: string;
}

/** Publishes at both ends at once and waits for the acknowledgements; other things may happen meanwhile. */
export interface PublishStep extends Readonly<Partial<Record<End, readonly OutgoingPublish[]>>> {
  readonly kind: 'publish';
  readonly meanwhile?: readonly Step[];
}

/** What happens in a scenario, one after the other. */
export type Step =
  /** Starts the bridge and waits until every flow passes messages. */
  | { readonly kind: 'start' }
  /** Ends the bridge; its sessions at the brokers stay. */
  | { readonly kind: 'stop' }
  | PublishStep
  /** Waits until so many different messages have arrived. */
  | { readonly kind: 'arrived'; readonly count: number }
  /** Ends the remote broker as SIGTERM does, and starts it again with what it saved. */
  | { readonly kind: 'restart-remote' }
  /** Resets the connections between bridge and remote broker. */
  | { readonly kind: 'cut' }
  /** Makes the remote broker unreachable for the bridge, or reachable again. */
  | { readonly kind: 'sever' | 'mend' }
  /** Waits until every flow passes messages again. */
  | { readonly kind: 'passing' };

/**
 * A difference between the contenders that is right as it is. It must show on every message on the topic, otherwise the
 * comparison fails: what is no longer true does not stay written here.
 */
export interface Difference {
  /** The bridge's MQTT version in which it shows; both unless told. */
  readonly version?: Version;
  /** Topic at the target. */
  readonly topic: string;
  readonly mosquitto: Delivery;
  readonly ours: Delivery;
  /** Clause of the specification, and why. */
  readonly because: string;
}

/** What is special about how a contender delivers the messages on a topic. */
export interface Delivery {
  /** Each has these fields. */
  readonly fields?: Partial<Arrival>;
  /** Some come more than once. */
  readonly repeated?: true;
}

/** Topics on which Mosquitto's bridge rightly is no judge of what must arrive; those messages it delivers still count. */
export interface Loss {
  readonly version: Version;
  readonly topics: readonly string[];
  /** `all`: not one may arrive; `some`: time decides. */
  readonly lost: 'all' | 'some';
  readonly because: string;
}

/** A story that is played once through each contender, between fresh brokers. */
export interface Scenario {
  /** What holds for both, as the end of a sentence. */
  readonly name: string;
  /** MQTT versions of the bridge; 3.1.1 and 5 unless told. */
  readonly versions?: readonly Version[];
  readonly flows: readonly Flow[];
  /** `max_inflight_messages` of both brokers, which is their Receive Maximum too; 1,000 unless told. */
  readonly inflight?: number;
  readonly steps: readonly Step[];
  /** How many different messages arrive. */
  readonly arrivals: number;
  /** True where at-least-once may repeat: only first occurrences are compared. */
  readonly repeats?: boolean;
  readonly differences?: readonly Difference[];
  readonly losses?: readonly Loss[];
  /** Why Mosquitto's bridge cannot play: ours is compared with what was published, same topics. */
  readonly alone?: string;
  /** Versions in which the source broker itself sends out of order, and why: order is not compared. */
  readonly unordered?: { readonly versions: readonly Version[]; readonly because: string };
}

/** The filter a flow reads at its source. */
export function sourceFilter({ direction, pattern, localPrefix = '', remotePrefix = '' }: Flow): string {
  return (direction === 'out' ? localPrefix : remotePrefix) + pattern;
}

/** The broker a flow reads. */
export function sourceEnd({ direction }: Flow): End {
  return direction === 'out' ? 'local' : 'remote';
}
