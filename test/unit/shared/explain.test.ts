import { expect, it } from 'vitest';
import { explainTopic } from '../../../shared/explain.ts';
import type { ConnectorInput } from '../../../shared/resources/connector.ts';
import type { RouteInput } from '../../../shared/resources/topic-map.ts';
import { sampleConnector, sampleMap } from './sample.ts';

function explain(topic: string, route: Partial<RouteInput>, spec: Partial<ConnectorInput['spec']> = {}) {
  const input: RouteInput = { direction: 'local-to-remote', name: 'r', source: 'a/#', ...route };
  return explainTopic({ connector: sampleConnector(spec), topicMaps: [sampleMap([input])] }, topic)[0];
}

it('follows a topic through a route', () => {
  expect(explain('a/b', { target: 'x/${inputTopic.2}', qos: 2, retain: 'Never' })).toEqual({
    topicMap: 'map',
    route: 'r',
    direction: 'local-to-remote',
    source: 'a/#',
    matched: true,
    reason: 'the source "a/#" matches',
    topic: 'x/b',
    qos: 2,
    retain: 'Never',
    lanes: [{ key: 'map/r', slot: 0, source: 'local/r', target: 'remote/r' }],
    warnings: [],
  });
});

it.each<[string, Partial<RouteInput>, RegExp]>([
  ['b/c', {}, /level 1 is "b", and the source "a\/#" wants "a"/],
  ['$SYS/x', { source: '#' }, /begins with "\$" is not matched by a wildcard in the first level/],
  ['$SYS/x', { source: '+/x' }, /begins with "\$"/],
  ['a', { source: 'a/+' }, /has 1 levels and the source "a\/\+" needs more/],
  ['a/b/c', { source: 'a/b' }, /has 3 levels and the source "a\/b" ends after 2/],
  ['a', { source: 'a/+/#' }, /needs more/],
  ['a/x/y', { excludes: ['a/x/#'] }, /exclude "a\/x\/#" leaves it out/],
  ['a', { target: 'x/${inputTopic.2}' }, /refers to a level that the topic does not have: the message is dropped/],
  ['a/', { target: '${inputTopic.2}' }, /makes no valid topic/],
  ['a/#', {}, /"a\/#" is not a topic: a topic name contains no wildcards/],
  ['', {}, /is not a topic/],
])('says why "%s" is not forwarded', (topic, route, reason) => {
  const explained = explain(topic, route);
  expect(explained).toMatchObject({ matched: false, reason: expect.stringMatching(reason) });
  expect(explained).not.toHaveProperty('topic');
});

it('tells only of the asked direction, and lists the lanes of a shared route', () => {
  const routes: RouteInput[] = [
    {
      direction: 'local-to-remote',
      name: 'up',
      source: 'a',
      sharedSubscription: { groupMinimumShareNumber: 2, groupName: 'g' },
    },
    { direction: 'remote-to-local', name: 'down', source: 'a' },
  ];
  const document = { connector: sampleConnector(), topicMaps: [sampleMap(routes)] };
  expect(explainTopic(document, 'a').map(({ route }) => route)).toEqual(['up', 'down']);
  const [only, ...rest] = explainTopic(document, 'a', 'local-to-remote');
  expect(rest).toEqual([]);
  expect(only.lanes.map(({ key }) => key)).toEqual(['map/up/0', 'map/up/1']);
});

it('warns of what happens on the way', () => {
  const eventGrid = {
    remoteBrokerConnection: {
      endpoint: 'n.r-1.ts.eventgrid.azure.net:8883',
      tls: { tlsEnabled: true },
      authentication: { x509: { secretName: 's' } },
    },
  };
  expect(explain('a/b', { qos: 2 }, eventGrid)).toMatchObject({
    qos: 1,
    warnings: [expect.stringContaining('QoS 2 is lowered')],
  });
  expect(explain('a/b', { target: 'x' }).warnings).toEqual([expect.stringContaining('one target topic')]);
  expect(explain('a/b', {}, { protocol: 'v3' }).warnings).toEqual([expect.stringContaining('retain flag')]);
  expect(explain('a/b', {}, { bridgeInstances: 0 }).warnings).toEqual([expect.stringContaining('does not run')]);
});
