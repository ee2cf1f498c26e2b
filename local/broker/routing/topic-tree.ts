import { parseFilter, type ParsedFilter } from './filter.ts';
import { createSharedGroup, type SharedGroup } from './shared.ts';
import type { Subscription } from './subscription.ts';
import type { Session } from '../session/session.ts';

interface Node {
  readonly children: Map<string, Node>;
  readonly subscribers: Map<Session, Subscription>;
  readonly groups: Map<string, SharedGroup>;
}

/** What matches one topic. */
export interface Matches {
  readonly subscriptions: Subscription[];
  readonly groups: SharedGroup[];
}

/** All subscriptions of a broker, by level. */
export interface TopicTree {
  /** Adds or replaces; `make` gets the group of a shared subscription. The filter must be valid. */
  add(session: Session, filter: ParsedFilter, make: (group: SharedGroup | undefined) => Subscription): Subscription;
  remove(subscription: Subscription): void;
  match(topic: string): Matches;
}

function createNode(): Node {
  return { children: new Map(), subscribers: new Map(), groups: new Map() };
}

function isBare(node: Node): boolean {
  return node.children.size === 0 && node.subscribers.size === 0 && node.groups.size === 0;
}

/** An empty tree. */
export function createTopicTree(): TopicTree {
  const root = createNode();
  return {
    add(session, filter, make) {
      const node = grow(root, filter.levels);
      if (filter.group === undefined) {
        const subscription = make(undefined);
        node.subscribers.set(session, subscription);
        return subscription;
      }
      const group = node.groups.get(filter.group) ?? createSharedGroup();
      node.groups.set(filter.group, group);
      const subscription = make(group);
      const index = group.members.findIndex((member) => member.session === session);
      if (index < 0) group.members.push(subscription);
      else group.members[index] = subscription;
      return subscription;
    },
    remove(subscription) {
      const filter = parseFilter(subscription.filter);
      if (filter !== undefined) prune(root, filter, 0, subscription);
    },
    match(topic) {
      const matches: Matches = { subscriptions: [], groups: [] };
      const levels = topic.split('/');
      // MQTT5 4.7.2: a wildcard at the start does not match a topic that begins with $.
      if (topic.startsWith('$')) {
        const next = root.children.get(levels[0] ?? '');
        if (next !== undefined) descend(next, levels, 1, matches);
      } else descend(root, levels, 0, matches);
      return matches;
    },
  };
}

function grow(root: Node, levels: readonly string[]): Node {
  let node = root;
  for (const level of levels) {
    const child = node.children.get(level) ?? createNode();
    node.children.set(level, child);
    node = child;
  }
  return node;
}

/** Removes and cuts off branches left bare, so that a churn of filters does not grow the tree. */
function prune(node: Node, filter: ParsedFilter, depth: number, subscription: Subscription): void {
  const level = filter.levels[depth];
  if (level === undefined) {
    leave(node, filter.group, subscription);
    return;
  }
  const child = node.children.get(level);
  if (child === undefined) return;
  prune(child, filter, depth + 1, subscription);
  if (isBare(child)) node.children.delete(level);
}

function leave(node: Node, groupName: string | undefined, subscription: Subscription): void {
  if (groupName === undefined) {
    node.subscribers.delete(subscription.session);
    return;
  }
  const group = node.groups.get(groupName);
  const index = group?.members.findIndex((member) => member.session === subscription.session) ?? -1;
  if (group === undefined || index < 0) return;
  group.members.splice(index, 1);
  if (group.members.length === 0) node.groups.delete(groupName);
}

function collect(node: Node, matches: Matches): void {
  for (const subscription of node.subscribers.values()) matches.subscriptions.push(subscription);
  for (const group of node.groups.values()) matches.groups.push(group);
}

function descend(node: Node, levels: readonly string[], depth: number, matches: Matches): void {
  // `#` also matches its parent level: sport/# matches sport.
  const rest = node.children.get('#');
  if (rest !== undefined) collect(rest, matches);
  const level = levels[depth];
  if (level === undefined) {
    collect(node, matches);
    return;
  }
  const exact = node.children.get(level);
  if (exact !== undefined) descend(exact, levels, depth + 1, matches);
  const any = node.children.get('+');
  if (any !== undefined) descend(any, levels, depth + 1, matches);
}
