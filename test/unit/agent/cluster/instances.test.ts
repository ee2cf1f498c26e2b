import { describe, expect, it } from 'vitest';
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat } from '../../../../agent/cluster/heartbeat.ts';
import { Instances } from '../../../../agent/cluster/instances.ts';
import type { PresenceParts } from '../../../../agent/cluster/presence.ts';
import { DEFAULT_CLUSTER_TIMING as timing } from '../../../../agent/cluster/timing.ts';
import { createMountedFiles } from '../../../../agent/config/mounted-files.ts';
import type { Logger } from '../../../../agent/observe/logger.ts';
import { createCredentials } from '../../../../agent/session/credentials/credentials.ts';
import { connectionSpecOf } from '../../../../agent/session/credentials/spec.ts';
import { connectorDocument } from '../../../../shared/plan/document.ts';
import { sampleConnector } from '../../shared/sample.ts';

const SILENT: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
};

const documentOf = (bridgeInstances: number, clientIdPrefix = '') =>
  connectorDocument(sampleConnector({ bridgeInstances, clientIdPrefix }), []);

const two = documentOf(2);
const other = documentOf(2, 'other');

/** Instance 0, heard by itself, on a clock of its own; peers say what a test lets them say. */
function prepare(document = two) {
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
    const { revision } = document;
    const common: Omit<Heartbeat, 'seq' | 'instance'> = {
      id: `peer-${instance}`,
      state: 'running',
      revision,
      applied: revision,
      claims: new Map(claims.map((slot) => [slot, 1])),
      avoided: new Set(),
      reading: new Set(claims),
    };
    const heartbeat = { ...common, ...more, instance };
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
function joined(document = two) {
  const rig = prepare(document);
  rig.begin();
  rig.peer(1, [1]);
  rig.pass(2_000);
  rig.instances.applied(document, new Set([0]));
  rig.instances.running(new Set([0]), new Set([0]));
  return rig;
}

const settledWithin = (promise: Promise<void>) =>
  Promise.race([promise.then(() => true), new Promise((resolve) => setTimeout(() => resolve(false), 60))]);

describe('an instance', () => {
  it('may connect only once it has listened, and then runs its slot', () => {
    const { instances, begin, peer, pass, slots } = prepare();
    begin();
    peer(1, [1]);
    pass(timing.settleMs - 100);
    expect([instances.cleared(0), instances.settled, slots()]).toEqual([false, false, []]);
    pass(300);
    expect([instances.cleared(0), instances.settled, slots()]).toEqual([true, true, [0]]);
  });

  it('answers a newcomer at once, and nobody else', () => {
    const { said, peer } = joined();
    const before = said.length;
    peer(1, [1]);
    expect(said).toHaveLength(before);
    peer(2, []);
    expect(said).toHaveLength(before + 1);
  });

  it('answers one that comes back at once', () => {
    const { said, peer, peers, pass } = joined();
    peers.delete(1);
    pass(5_000);
    const before = said.length;
    peer(1, []);
    expect(said).toHaveLength(before + 1);
  });

  it('says at once that it lives when the broker said it was lost', () => {
    const { said, hear } = joined();
    const before = said.length;
    const [last] = said.slice(-1);
    if (last) hear({ ...last, state: 'lost' });
    expect(said).toHaveLength(before + 1);
  });

  it('claims a slot with a term above all that it has heard of', () => {
    const { said, begin, peer, pass } = prepare();
    begin();
    peer(1, [], { claims: new Map([[0, 41]]) });
    pass(2_000);
    peer(1, [1]);
    pass(1_000);
    expect(said.at(-1)?.claims.get(0)).toBe(42);
  });

  it('claims with the largest term there is when somebody made one up, and is read', () => {
    const { said, begin, peer, pass } = prepare();
    begin();
    peer(1, [], { claims: new Map([[0, 1_000_000_000]]) });
    pass(2_000);
    peer(1, [1]);
    pass(1_000);
    expect(said.at(-1)?.claims.get(0)).toBe(1_000_000_000);
  });

  it('speaks to nobody but itself about slots it will never run', () => {
    const { said, begin, pass } = prepare(documentOf(65_535));
    begin();
    pass(12_000);
    expect(said.at(-1)?.claims.size).toBe(10_000);
  });

  it('connects anew when the document names another broker', () => {
    const { instances, links } = joined();
    instances.follow(other);
    expect(links).toHaveLength(1);
    const moved = sampleConnector({
      bridgeInstances: 2,
      localBrokerConnection: { endpoint: 'elsewhere.test:1883', authentication: { anonymous: {} } },
    });
    instances.follow(connectorDocument(moved, []));
    expect(links).toHaveLength(2);
    expect(instances.cleared(0)).toBe(false);
  });

  it('leaves in three steps', async () => {
    const { instances, said, pass } = joined();
    instances.leave();
    expect(said.at(-1)).toMatchObject({ state: 'leaving', claims: new Map([[0, 1]]) });
    await instances.stop();
    expect(said.at(-1)).toMatchObject({ state: 'gone' });
    const { length } = said;
    pass(5_000);
    expect(said).toHaveLength(length);
  });
});

describe('a process that stood still', () => {
  it('reads what has come before it goes on', () => {
    const { instances, clock, peers, peer, pass, slots } = joined();
    peers.delete(1);
    pass(1_500);
    clock.now += 1_900;
    expect(instances.cleared(0)).toBe(false);
    pass(timing.tickMs);
    expect([instances.cleared(0), slots()]).toEqual([false, [0]]);
    peer(2, [1]);
    pass(2 * timing.tickMs);
    expect([instances.cleared(0), slots()]).toEqual([true, [0]]);
  });
});

describe('a slot', () => {
  it('is handed back in order: it stops here before it is free', () => {
    const { instances, peer, peers, pass, slots, said } = joined();
    peers.delete(1);
    pass(5_000);
    expect(slots()).toEqual([0, 1]);
    instances.running(new Set([0, 1]), new Set([0, 1]));
    peer(1, []);
    pass(timing.handBackMs + 200);
    expect(slots()).toEqual([0]);
    expect([...(said.at(-1)?.claims.keys() ?? [])]).toEqual([0, 1]);
    instances.running(new Set([0]), new Set([0]));
    expect([...(said.at(-1)?.claims.keys() ?? [])]).toEqual([0]);
  });

  it('that was taken is taken back only after it has stopped here', () => {
    const { instances, peer, pass, slots, changes } = joined();
    const before = changes();
    peer(1, [], {
      claims: new Map([
        [0, 2],
        [1, 1],
      ]),
    });
    expect([slots(), changes()]).toEqual([[], before + 1]);
    peer(1, [1]);
    pass(1_000);
    expect(slots()).toEqual([]);
    instances.running(new Set(), new Set());
    pass(1_000);
    expect(slots()).toEqual([0]);
  });

  it('of an older document is free once nothing of it is left', () => {
    const { instances, peers, pass, slots } = joined();
    peers.delete(1);
    pass(5_000);
    instances.follow(documentOf(1));
    instances.running(new Set([0, 1]), new Set([0, 1]));
    expect(slots()).toEqual([0, 1]);
    instances.running(new Set([0, 1]), new Set([0]));
    expect(slots()).toEqual([0]);
    pass(1_000);
    expect(slots()).toEqual([0]);
  });

  it('that the broker gave to somebody unseen is left alone, and the others are told', () => {
    const { instances, peers, said, pass, slots } = joined();
    peers.delete(1);
    pass(5_000);
    instances.takenOver(1);
    instances.running(new Set([0]), new Set([0]));
    pass(10_000);
    expect(slots()).toEqual([0]);
    expect(said.at(-1)?.avoided).toEqual(new Set([1]));
    pass(timing.cooldownMs);
    expect(slots()).toEqual([0, 1]);
    expect(said.at(-1)?.avoided).toEqual(new Set());
  });

  it('of its own is kept when the broker gave it to somebody', () => {
    const { instances, slots } = joined();
    instances.takenOver(0);
    expect(slots()).toEqual([0]);
  });
});

describe('a session that was given to somebody else', () => {
  it('does not connect again, and its slot is free soon when it was contested a moment ago', () => {
    const { instances, peers, peer, pass, slots, said } = joined();
    peers.delete(1);
    pass(5_000);
    instances.running(new Set([0, 1]), new Set([0, 1]));
    peer(1, [1]);
    peer(1, []);
    instances.takenOver(1);
    expect([instances.cleared(0), instances.cleared(1), said.at(-1)?.avoided]).toEqual([true, false, new Set([1])]);
    peers.delete(1);
    instances.running(new Set([0]), new Set([0]));
    pass(5_000);
    expect([instances.cleared(1), slots()]).toEqual([true, [0, 1]]);
  });
});

describe('before a session starts that another may have', () => {
  const never = new AbortController().signal;

  it('all agree when nobody has another document', async () => {
    await expect(settledWithin(joined().instances.agreed(never))).resolves.toBe(true);
  });

  it.each([
    ['runs an older one', { revision: 'old', applied: 'old' }],
    ['is about to change', { applied: 'old' }],
    ['is about to go back', { revision: 'old' }],
    ['has not begun', { applied: undefined }],
  ])('it waits for one that %s', async (_, more) => {
    const { instances, peer } = joined();
    peer(1, [1], more);
    const agreed = instances.agreed(never);
    await expect(settledWithin(agreed)).resolves.toBe(false);
    peer(1, [1]);
    await agreed;
  });

  it.each([
    ['has no slot', (rig: ReturnType<typeof joined>) => rig.peer(1, [], { revision: 'old' })],
    ['is dead', (rig: ReturnType<typeof joined>) => rig.hear({ ...rig.peers.get(1)!, state: 'gone' })],
  ])('it does not wait for one that %s', async (_, change) => {
    const rig = joined();
    rig.peer(1, [1], { revision: 'old' });
    change(rig);
    await expect(settledWithin(rig.instances.agreed(never))).resolves.toBe(true);
  });

  it('it waits for a while only', async () => {
    const { instances, peer, clock } = joined();
    peer(1, [1], { revision: 'old' });
    const agreed = instances.agreed(never);
    clock.now += timing.disagreementMs;
    await agreed;
  });

  it('it waits no longer than the process runs', async () => {
    const { instances, peer } = joined();
    peer(1, [1], { revision: 'old' });
    const ending = new AbortController();
    const agreed = instances.agreed(ending.signal);
    ending.abort();
    await agreed;
  });
});

describe('what left may be unsubscribed', () => {
  it('once every slot is read by somebody with the document', () => {
    const { instances, peer } = joined();
    expect(instances.covered).toBe(true);
    peer(1, []);
    expect(instances.covered).toBe(false);
    peer(1, [1], { reading: new Set() });
    expect(instances.covered).toBe(false);
    peer(1, [], { reading: new Set([1]) });
    expect(instances.covered).toBe(false);
    peer(1, [1], { applied: 'old' });
    expect(instances.covered).toBe(false);
  });

  it('not before the document is in force here', () => {
    const { instances } = joined();
    instances.follow(other);
    expect(instances.covered).toBe(false);
  });

  it('not before an adopted slot is at work', () => {
    const { instances, said, peers, pass, slots } = joined();
    peers.delete(1);
    pass(5_000);
    expect(slots()).toEqual([0, 1]);
    expect([instances.covered, said.at(-1)?.applied]).toEqual([false, undefined]);
    instances.applied(two, new Set([0]));
    expect(instances.covered).toBe(false);
    instances.applied(two, new Set([0, 1]));
    expect(instances.covered).toBe(false);
    instances.running(new Set([0, 1]), new Set([0, 1]));
    expect([instances.covered, said.at(-1)?.applied]).toEqual([true, two.revision]);
  });
});
