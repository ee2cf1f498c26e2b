import { describe, expect, test } from 'vitest';
import { transitionsOf } from '../../../../operator/status/transitions.ts';
import { type ConnectorSituation, connectorStatusOf } from '../../../../operator/status/connector-status.ts';
import { topicMapStatusOf } from '../../../../operator/status/topic-map-status.ts';
import { condition, connectorObject, settled, situationOf, topicMapObject, withConditions } from './sample.ts';

const was = (...conditions: ReturnType<typeof condition>[]) => ({ conditions });
const ready = (status: 'True' | 'False' | 'Unknown', reason = 'Ready', message = 'M.') =>
  condition('Ready', status, reason, message);

const ROWS: readonly {
  readonly what: string;
  readonly from: ReturnType<typeof was> | undefined;
  readonly to: ReturnType<typeof was>;
  readonly events: readonly string[];
}[] = [
  { what: 'nothing known at first', from: undefined, to: was(ready('Unknown', 'WorkloadPending')), events: [] },
  { what: 'ready at first', from: undefined, to: was(ready('True')), events: ['Normal Ready'] },
  { what: 'still ready', from: was(ready('True')), to: was(ready('True', 'Ready', 'Other.')), events: [] },
  {
    what: 'ready no more',
    from: was(ready('True')),
    to: was(ready('False', 'RoutesNotReady')),
    events: ['Warning RoutesNotReady'],
  },
  { what: 'a change under way', from: was(ready('True')), to: was(ready('False', 'RevisionPending')), events: [] },
  {
    what: 'a change that fails',
    from: was(ready('False', 'RevisionPending')),
    to: was(ready('False', 'RoutesNotReady')),
    events: ['Warning RoutesNotReady'],
  },
  {
    what: 'a change that is done',
    from: was(ready('False', 'RevisionPending')),
    to: was(ready('True')),
    events: ['Normal Ready'],
  },
  { what: 'pods that start', from: undefined, to: was(ready('False', 'InstancesNotReady')), events: [] },
  {
    what: 'pods that are gone',
    from: was(ready('True')),
    to: was(ready('False', 'InstancesNotReady')),
    events: ['Warning InstancesNotReady'],
  },
  {
    what: 'pods that start since more are wanted',
    from: was({ ...ready('True'), observedGeneration: 1 }),
    to: was({ ...ready('False', 'InstancesNotReady'), observedGeneration: 2 }),
    events: [],
  },
  {
    what: 'a topic map of which pods are gone, since its connector says so',
    from: was(condition('Programmed'), ready('True')),
    to: was(condition('Programmed'), ready('False', 'InstancesNotReady')),
    events: [],
  },
  {
    what: 'instances that are no longer wanted',
    from: was(ready('True')),
    to: was(ready('False', 'NoInstances')),
    events: ['Normal NoInstances'],
  },
  {
    what: 'one fault that turns two conditions',
    from: was(condition('Accepted'), ready('True')),
    to: was(condition('Accepted', 'False', 'Invalid', 'M.'), ready('False', 'Invalid')),
    events: ['Warning Invalid'],
  },
  {
    what: 'two sides that fail alike',
    from: was(condition('LocalConnected'), condition('RemoteConnected')),
    to: was(
      condition('LocalConnected', 'False', 'DnsFailed', 'A.'),
      condition('RemoteConnected', 'False', 'DnsFailed', 'B.'),
    ),
    events: ['Warning DnsFailed', 'Warning DnsFailed'],
  },
  {
    what: 'a side that is back',
    from: was(condition('RemoteConnected', 'False', 'DnsFailed')),
    to: was(condition('RemoteConnected', 'True', 'Connected')),
    events: ['Normal RemoteConnected'],
  },
  {
    what: 'a side that connects at first',
    from: was(condition('RemoteConnected', 'Unknown', 'NotReported')),
    to: was(condition('RemoteConnected', 'True', 'Connected')),
    events: [],
  },
  {
    what: 'a side of which nobody knows any more',
    from: was(condition('RemoteConnected')),
    to: was(condition('RemoteConnected', 'Unknown', 'NotReported')),
    events: [],
  },
  {
    what: 'trouble',
    from: was(),
    to: was(condition('Degraded', 'True', 'PartlyReady')),
    events: ['Warning PartlyReady'],
  },
  {
    what: 'the end of trouble',
    from: was(condition('ClientIdConflict')),
    to: was(),
    events: ['Normal ClientIdConflictEnded'],
  },
  {
    what: 'what is programmed, since Ready says so',
    from: was(condition('Programmed', 'False', 'TopicMapInvalid')),
    to: was(condition('Programmed')),
    events: [],
  },
];

const scaled = (bridgeInstances: number, generation: number) => {
  const { metadata, ...rest } = connectorObject({ bridgeInstances });
  return settled(situationOf([{ ...rest, metadata: { ...metadata, generation } }, topicMapObject()]));
};
const one = scaled(1, 1);
const three = scaled(3, 2);
const entriesOf = ({ former }: ConnectorSituation) => former?.instances ?? [];
/** With some pods ready, and what some instances said. */
const withPods = (situation: ConnectorSituation, pods: object, instances = entriesOf(situation)) => ({
  ...situation,
  workload: { wanted: 3, ready: 3, settled: true, ...pods },
  former: { instances },
});
const starting = withConditions({ Ready: ['False', 'Connecting', 'Not yet.'] });
const firstOnly = entriesOf(three).map((entry, number) => (number === 0 ? entry : { ...entry, ...starting }));

const LIVES: readonly {
  readonly what: string;
  readonly situations: readonly ConnectorSituation[];
  readonly events: readonly string[];
}[] = [
  {
    what: 'a scale-up',
    situations: [
      one,
      withPods(three, { wanted: 1, ready: 1 }, entriesOf(one)),
      withPods(three, { ready: 1, settled: false }, entriesOf(one)),
      withPods(three, { ready: 1 }, entriesOf(three).slice(0, 1)),
      withPods(three, { ready: 1 }, firstOnly),
      withPods(three, { ready: 1 }),
      withPods(three, { ready: 2 }),
      three,
    ],
    events: ['Normal Ready', 'Normal Ready'],
  },
  {
    what: 'a scale-up of which only one moment is seen',
    situations: [one, withPods(three, { ready: 1 }), three],
    events: ['Normal Ready', 'Normal Ready'],
  },
  {
    what: 'a first start',
    situations: [
      withPods(three, { ready: 0, settled: false }, []),
      withPods(three, { ready: 1 }, entriesOf(three).slice(0, 1)),
      withPods(three, { ready: 1 }),
      three,
    ],
    events: ['Normal Ready'],
  },
  {
    what: 'a rollout',
    situations: [
      three,
      withPods(three, { settled: false }),
      withPods(three, { ready: 2, settled: false }),
      withPods(three, { ready: 2, settled: false }, firstOnly),
      withPods(three, { ready: 2 }),
      three,
    ],
    events: ['Normal Ready', 'Normal Ready'],
  },
  {
    what: 'a scale-down',
    situations: [
      scaled(3, 1),
      withPods(scaled(1, 2), {}, entriesOf(scaled(3, 1))),
      withPods(scaled(1, 2), { wanted: 1, settled: false }),
      withPods(scaled(1, 2), { wanted: 1, ready: 1 }),
    ],
    events: ['Normal Ready', 'Normal Ready'],
  },
  {
    what: 'a pod that is gone for a while',
    situations: [
      three,
      withPods(three, { ready: 2 }),
      withPods(three, { ready: 2 }, firstOnly),
      withPods(three, { ready: 2 }),
      three,
    ],
    events: [
      'Normal Ready',
      'Warning InstancesNotReady',
      'Warning PartlyReady',
      'Normal Ready',
      'Normal DegradedEnded',
    ],
  },
  {
    what: 'a rollout that mends',
    situations: [
      three,
      withPods(three, { ready: 2 }),
      withPods(three, { ready: 2, settled: false }),
      withPods(three, { ready: 2 }),
      three,
    ],
    events: [
      'Normal Ready',
      'Warning InstancesNotReady',
      'Warning PartlyReady',
      'Normal DegradedEnded',
      'Normal Ready',
    ],
  },
  {
    what: 'a scale-up with an instance that fails',
    situations: [
      one,
      withPods(
        three,
        { ready: 2 },
        entriesOf(three).map((entry, number) =>
          number < 2 ? entry : { ...entry, ...withConditions({ Ready: ['False', 'StorageFailed', 'No disk.'] }) },
        ),
      ),
    ],
    events: ['Normal Ready', 'Warning StorageFailed', 'Warning PartlyReady'],
  },
];

/** Events of a connector and of its topic map, one situation after the other. */
function lived(situations: readonly ConnectorSituation[]) {
  const said = { connector: [] as string[], topicMap: [] as string[] };
  let connector: ReturnType<typeof connectorStatusOf> | undefined;
  let topicMap: ReturnType<typeof topicMapStatusOf>;
  const eventsOf = (...[former, now]: Parameters<typeof transitionsOf>) =>
    transitionsOf(former, now).map(({ type, reason }) => `${type} ${reason}`);
  for (const each of situations) {
    const situation = { ...each, former: { ...connector, instances: entriesOf(each) } };
    const { judgement, now } = situation;
    const ofMap = topicMapStatusOf({ judgement, name: 'telemetry', former: topicMap, connector: situation, now });
    const status = connectorStatusOf(situation);
    said.topicMap.push(...eventsOf(topicMap, ofMap ?? {}));
    said.connector.push(...eventsOf(connector, status));
    [connector, topicMap] = [status, ofMap];
  }
  return said;
}

describe('events', () => {
  test.for(LIVES)('of $what: $events', ({ situations, events }) => {
    expect(lived(situations).connector).toEqual(events);
  });

  test.for(LIVES.slice(0, 5))('of a topic map warn of nothing in $what', ({ situations }) => {
    expect(lived(situations).topicMap.filter((event) => event !== 'Normal Ready')).toEqual([]);
  });

  test.for(ROWS)('of $what: $events', ({ from, to, events }) => {
    expect(transitionsOf(from, to).map(({ type, reason }) => `${type} ${reason}`)).toEqual(events);
  });

  test('of a life: connecting, ready, a bad change, its correction', () => {
    const events: string[] = [];
    let former: ReturnType<typeof connectorStatusOf> | undefined;
    const broken = [connectorObject({ maxHops: 99 }), topicMapObject()];
    for (const situation of [
      situationOf(),
      { ...situationOf(), workload: { wanted: 1, ready: 0, settled: true } },
      settled(situationOf()),
      settled(situationOf(broken)),
      settled(situationOf(), { revision: 'older' }),
      settled(situationOf()),
    ]) {
      const status = connectorStatusOf({ ...situation, former: { ...former, ...situation.former } });
      events.push(...transitionsOf(former, status).map(({ type, reason }) => `${type} ${reason}`));
      former = status;
    }
    expect(events).toEqual(['Normal Ready', 'Warning Invalid', 'Normal Accepted', 'Normal Ready']);
  });
});
