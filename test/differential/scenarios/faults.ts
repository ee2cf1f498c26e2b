import type { Flow, Loss, Scenario, Step } from '../scenario.ts';
import { fromLocal, fromRemote, series, start } from './words.ts';

const outward: Flow = { direction: 'out', pattern: 'out/#', qos: 2 };
const inward: Flow = { direction: 'in', pattern: 'in/#', qos: 2 };
const arrived = (count: number): Step => ({ kind: 'arrived', count });
const cut: Step = { kind: 'cut' };
const sever: Step = { kind: 'sever' };
const mend: Step = { kind: 'mend' };
const passing: Step = { kind: 'passing' };
const restart: Step = { kind: 'restart-remote' };
const stop: Step = { kind: 'stop' };

/** A third of the messages on a topic each, of one QoS. */
const perTopic = (end: 'out' | 'in', name: string, count: number) =>
  series(name, count, [`${end}/q1/a`, `${end}/q2`, `${end}/q1/b`], [1, 2, 1]);

const noSession =
  "MQTT5 3.1.2.11.2: without a Session Expiry Interval the session ends with the connection, and Mosquitto's v5 bridge sends none (its issues 1632, 2424).";
const inwardLost: Loss = {
  version: 5,
  topics: ['in/q1/a', 'in/q1/b', 'in/q2'],
  lost: 'all',
  because: `${noSession} So the remote broker queues nothing.`,
};
const handshakesLost: Loss = {
  version: 5,
  topics: ['out/q2'],
  lost: 'some',
  because: `${noSession} The remote broker then forgets QoS 2 messages whose PUBREL has not come, and the bridge does not send them again (MQTT5 4.3.3).`,
};

/** What survives cuts, restarts and absences. */
export const faults: readonly Scenario[] = [
  {
    name: 'lose nothing outward when the connection is cut again and again',
    flows: [outward],
    steps: [
      start,
      { kind: 'publish', local: perTopic('out', 'up', 900), meanwhile: [arrived(200), cut, arrived(500), cut] },
      passing,
    ],
    arrivals: 900,
    repeats: true,
    losses: [handshakesLost],
  },
  {
    name: 'lose nothing outward when the remote broker restarts in the middle',
    flows: [outward],
    steps: [
      start,
      { kind: 'publish', local: perTopic('out', 'up', 900), meanwhile: [arrived(300), restart] },
      fromLocal(...perTopic('out', 'after', 30)),
      passing,
    ],
    arrivals: 930,
    repeats: true,
    losses: [handshakesLost],
  },
  {
    name: 'lose nothing inward when the connection is cut again and again',
    flows: [inward],
    steps: [
      start,
      { kind: 'publish', remote: perTopic('in', 'down', 600), meanwhile: [arrived(200), cut] },
      passing,
      { kind: 'publish', remote: perTopic('in', 'more', 300), meanwhile: [cut] },
      passing,
    ],
    arrivals: 900,
    repeats: true,
    losses: [{ ...inwardLost, lost: 'some' }],
  },
  {
    name: 'take what the remote broker saved for them over its restart',
    flows: [inward],
    steps: [start, sever, fromRemote(...perTopic('in', 'down', 300)), restart, mend, passing],
    arrivals: 300,
    repeats: true,
    losses: [inwardLost],
  },
  {
    name: 'lose nothing while the remote broker cannot be reached',
    flows: [outward, inward],
    steps: [
      start,
      sever,
      { kind: 'publish', local: perTopic('out', 'up', 300), remote: perTopic('in', 'down', 300) },
      mend,
      passing,
    ],
    arrivals: 600,
    repeats: true,
    losses: [inwardLost],
  },
  {
    name: 'take what was published to their session while they were away',
    flows: [inward],
    steps: [start, stop, fromRemote(...perTopic('in', 'down', 300)), start],
    arrivals: 300,
    losses: [inwardLost],
  },
];
