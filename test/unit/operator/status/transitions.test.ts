import { describe, expect, test } from 'vitest';
import { transitionsOf } from '../../../../operator/status/transitions.ts';
import { connectorStatusOf } from '../../../../operator/status/connector-status.ts';
import { condition, connectorObject, settled, situationOf, topicMapObject } from './sample.ts';

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

describe('events', () => {
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
