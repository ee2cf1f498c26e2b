import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { parseFilter } from '../../../../../local/broker/routing/filter.ts';
import { createRetainedStore } from '../../../../../local/broker/routing/retained.ts';
import { createTopicTree, type TopicTree } from '../../../../../local/broker/routing/topic-tree.ts';
import type { Subscription } from '../../../../../local/broker/routing/subscription.ts';
import { createSession, type Session } from '../../../../../local/broker/session/session.ts';
import { genericProfile } from '../../../../../local/broker/profile.ts';
import { matchesFilter } from '../../../../../shared/topic/filter.ts';
import { messageOf } from '../../../../../local/broker/message.ts';

function sessionOf(clientId: string): Session {
  return createSession({ clientId, authenticationName: undefined, version: 5 }, () => ({
    bounds: genericProfile,
    now: () => 0,
    dropped: () => {},
  }));
}

function add(tree: TopicTree, session: Session, filter: string): Subscription {
  const parsed = parseFilter(filter);
  if (parsed === undefined) throw new Error(`${filter} is not valid`);
  return tree.add(session, parsed, (group) => ({
    session,
    filter,
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    identifier: undefined,
    group,
  }));
}

const level = fc.constantFrom('a', 'b', '', '$x');
const topic = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '');
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([levels, rest]) => [...levels, ...(rest ? ['#'] : [])].join('/'))
  .filter((text) => text !== '');

describe('the topic tree', () => {
  property.prop([fc.uniqueArray(filter, { minLength: 1, maxLength: 8 }), topic])(
    'finds the subscriptions whose filter matches, and only those',
    (filters, name) => {
      const tree = createTopicTree();
      const session = sessionOf('s');
      for (const text of filters) add(tree, session, text);
      const found = tree.match(name).subscriptions.map((subscription) => subscription.filter);
      expect(found.sort()).toEqual(filters.filter((text) => matchesFilter(text, name)).sort());
    },
  );

  property.prop([fc.array(fc.tuple(fc.constantFrom('one', 'two'), filter, fc.boolean()), { maxLength: 12 }), topic])(
    'is as it was when all that was added is removed',
    (entries, name) => {
      const tree = createTopicTree();
      const sessions = new Map(['one', 'two'].map((clientId) => [clientId, sessionOf(clientId)]));
      const added = entries.map(([clientId, text, isShared]) =>
        add(tree, sessions.get(clientId) ?? sessionOf(clientId), isShared ? `$share/g/${text}` : text),
      );
      for (const subscription of added) tree.remove(subscription);
      expect(tree.match(name)).toEqual({ subscriptions: [], groups: [] });
    },
  );

  test('keeps one subscription per session and filter, the last', () => {
    const tree = createTopicTree();
    const session = sessionOf('s');
    add(tree, session, 'a');
    const last = add(tree, session, 'a');
    expect(tree.match('a').subscriptions).toEqual([last]);
    add(tree, session, '$share/g/a');
    add(tree, session, '$share/g/a');
    expect(tree.match('a').groups.map(({ members }) => members.length)).toEqual([1]);
  });

  test('removing what is not there changes nothing', () => {
    const tree = createTopicTree();
    const subscription = add(createTopicTree(), sessionOf('s'), 'a/b');
    tree.remove(subscription);
    tree.remove({ ...subscription, filter: '$share/g/a/b' });
    expect(tree.match('a/b').subscriptions).toEqual([]);
  });
});

describe('the retained store', () => {
  property.prop([fc.uniqueArray(topic, { maxLength: 10 }), filter])(
    'finds the messages whose topic the filter matches, and only those',
    (topics, text) => {
      const store = createRetainedStore(genericProfile);
      for (const name of topics) store.keep(messageOf({ topic: name, payload: 'x', retain: true }, 0), 0);
      const found = store.match(text.split('/'), 0).map((message) => message.topic);
      expect(found.sort()).toEqual(topics.filter((name) => matchesFilter(text, name)).sort());
      expect(store.size).toBe(topics.length);
    },
  );

  test('counts topics, forgets them, and drops expired messages when it meets them', () => {
    const store = createRetainedStore({ ...genericProfile, maximumRetainedMessages: 2, maximumRetainedBytes: 3 });
    const expiring = { topic: 'b', payload: 'y', properties: { messageExpiryInterval: 1 } };
    store.keep(messageOf({ topic: 'a', payload: 'x' }, 0), 0);
    store.keep(messageOf({ topic: 'a', payload: 'z' }, 0), 0);
    store.keep(messageOf(expiring, 0), 0);
    expect([store.size, store.accepts('c', 1), store.accepts('a', 3), store.accepts('a', 4)]).toEqual([
      2,
      false,
      true,
      false,
    ]);
    expect(store.match(['#'], 1_000).map(({ topic, payload }) => [topic, payload.toString()])).toEqual([['a', 'z']]);
    expect(store.size).toBe(1);
    store.forget('a');
    store.forget('never/there');
    expect(store.size).toBe(0);
  });
});

describe('filters', () => {
  test.each([
    ['a/+/#', { group: undefined, levels: ['a', '+', '#'] }],
    ['$share/g/a/#', { group: 'g', levels: ['a', '#'] }],
    ['$share/g//', { group: 'g', levels: ['', ''] }],
    ['$shared/a', { group: undefined, levels: ['$shared', 'a'] }],
    ['', undefined],
    ['a#', undefined],
    ['#/a', undefined],
    ['a+/b', undefined],
    ['$share', undefined],
    ['$share/g', undefined],
    ['$share//a', undefined],
    ['$share/g/', undefined],
    ['$share/+/a', undefined],
    ['$share/g/a#', undefined],
  ])('%s', (text, expected) => {
    expect(parseFilter(text)).toEqual(expected);
  });
});
