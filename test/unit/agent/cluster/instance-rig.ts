import { decodeHeartbeat, encodeHeartbeat, type Heartbeat } from '../../../../agent/cluster/heartbeat.ts';
import { Instances } from '../../../../agent/cluster/instances.ts';
import type { PresenceParts } from '../../../../agent/cluster/presence.ts';
import { DEFAULT_CLUSTER_TIMING as timing } from '../../../../agent/cluster/timing.ts';
import { createMountedFiles } from '../../../../agent/config/mounted-files.ts';
import { createCredentials } from '../../../../agent/session/credentials/credentials.ts';
import { connectionSpecOf } from '../../../../agent/session/credentials/spec.ts';
import { connectorDocument } from '../../../../shared/plan/document.ts';
import { sampleConnector } from '../../shared/sample.ts';
import { SILENT } from '../../../support/silent-logger.ts';

/** A document of so many slots; another prefix makes it another one. */
export const documentOf = (bridgeInstances: number, clientIdPrefix = '') =>
  connectorDocument(sampleConnector({ bridgeInstances, clientIdPrefix }), []);

export const two = documentOf(2);
export const other = documentOf(2, 'other');

/** What an instance with this document says that runs and reads these slots. */
function heartbeatOf(instance: number, claims: readonly number[], revision: string): Omit<Heartbeat, 'seq'> {
  return {
    id: `peer-${instance}`,
    instance,
    state: 'running',
    revision,
    applied: revision,
    claims: new Map(claims.map((slot) => [slot, 1])),
    avoided: new Set(),
    reading: new Set(claims),
  };
}

/** Instance 0, heard by itself, on a clock of its own; peers say what a test lets them say. */
export function prepare(document = two) {
  const clock = { now: 0 };
  const said: Heartbeat[] = [];
  const links: PresenceParts[] = [];
  const peers = new Map<number, Omit<Heartbeat, 'seq'>>();
  let run = (): void => undefined;
  let seq = 0;
  let changes = 0;
  const hear = (heartbeat: Omit<Heartbeat, 'seq'>) =>
    links.at(-1)?.heard(encodeHeartbeat({ ...heartbeat, seq: ++seq }));
  const instances = new Instances({
    instance: 0,
    id: 'me',
    timing,
    connectTimeoutMs: 1_000,
    logger: SILENT,
    random: () => 0.5,
    now: () => clock.now,
    credentialsOf: (connector) =>
      createCredentials(connectionSpecOf(connector, 'local'), { files: createMountedFiles({}) }),
    changed: () => changes++,
    every(_, tick) {
      run = tick;
      return () => (run = () => undefined);
    },
    presenceOf(parts) {
      links.push(parts);
      return {
        start: () => undefined,
        publish(payload) {
          const heartbeat = decodeHeartbeat(payload);
          if (heartbeat) said.push(heartbeat);
          parts.heard(payload);
        },
        stop: () => Promise.resolve(),
      };
    },
  });
  /** Lets time pass, and peers say once per second what they are. */
  const pass = (ms: number) => {
    for (const end = clock.now + ms; clock.now < end; clock.now += timing.tickMs) {
      if (clock.now % 1_000 === 0) for (const heartbeat of peers.values()) hear(heartbeat);
      run();
    }
  };
  const peer = (instance: number, claims: readonly number[], more: Partial<Omit<Heartbeat, 'seq'>> = {}) => {
    const heartbeat = { ...heartbeatOf(instance, claims, document.revision), ...more };
    peers.set(instance, heartbeat);
    hear(heartbeat);
  };
  const begin = () => {
    instances.follow(document);
    links[0]?.opened();
  };
  const slots = () => [...instances.slotsOf()].sort((a, b) => a - b);
  return { instances, clock, said, links, peers, pass, hear, peer, begin, slots, changes: () => changes };
}

/** One that has joined, runs slot 0 and sees instance 1 run slot 1. */
export function joined(document = two) {
  const rig = prepare(document);
  rig.begin();
  rig.peer(1, [1]);
  rig.pass(2_000);
  rig.instances.applied(document, new Set([0]));
  rig.instances.running(new Set([0]), new Set([0]));
  return rig;
}
