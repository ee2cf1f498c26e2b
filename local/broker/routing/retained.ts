import { expiryTime, type Message } from '../message.ts';
import type { BrokerProfile } from '../profile.ts';

interface Node {
  readonly children: Map<string, Node>;
  message: Message | undefined;
}

/** The last retained message of each topic. */
export interface RetainedStore {
  /** Whether the bounds of the store allow it. */
  accepts(topic: string, bytes: number): boolean;
  /** Copies it, with no longer life from `now` (milliseconds) than the bounds allow. */
  keep(message: Message, now: number): void;
  forget(topic: string): void;
  /** Live messages whose topic the filter matches, expired ones thrown away on the way. */
  match(levels: readonly string[], now: number): Message[];
  readonly size: number;
}

/** The store's bounds. */
export type RetainedBounds = Pick<
  BrokerProfile,
  'maximumRetainedMessages' | 'maximumRetainedBytes' | 'maximumRetainedTotalBytes' | 'maximumRetainedExpiry'
>;

function createNode(): Node {
  return { children: new Map(), message: undefined };
}

/** A copy that lives until `latest` at most: a view would keep the whole chunk of the socket it arrived in. */
function copyOf(message: Message, latest: number | undefined): Message {
  const { expiresAt } = message;
  return {
    ...message,
    expiresAt: latest === undefined ? expiresAt : Math.min(expiresAt ?? latest, latest),
    payload: Buffer.from(message.payload),
    properties: Buffer.from(message.properties),
    frames: new Map(),
  };
}

/** An empty store. */
export function createRetainedStore(bounds: RetainedBounds): RetainedStore {
  const root = createNode();
  let size = 0;
  let bytes = 0;

  function find(levels: readonly string[]): Node | undefined {
    let node: Node | undefined = root;
    for (const level of levels) node = node?.children.get(level);
    return node;
  }

  function remove(node: Node, levels: readonly string[], depth: number): void {
    const level = levels[depth];
    if (level === undefined) {
      if (node.message !== undefined) size -= 1;
      bytes -= node.message?.payload.length ?? 0;
      node.message = undefined;
      return;
    }
    const child = node.children.get(level);
    if (child === undefined) return;
    remove(child, levels, depth + 1);
    if (child.message === undefined && child.children.size === 0) node.children.delete(level);
  }

  return {
    accepts(topic, length) {
      if (length > bounds.maximumRetainedBytes) return false;
      const earlier = find(topic.split('/'))?.message;
      if (bytes + length - (earlier?.payload.length ?? 0) > bounds.maximumRetainedTotalBytes) return false;
      return size < bounds.maximumRetainedMessages || earlier !== undefined;
    },
    keep(message, now) {
      let node = root;
      for (const level of message.topic.split('/')) {
        const child = node.children.get(level) ?? createNode();
        node.children.set(level, child);
        node = child;
      }
      if (node.message === undefined) size += 1;
      bytes += message.payload.length - (node.message?.payload.length ?? 0);
      node.message = copyOf(message, expiryTime(bounds.maximumRetainedExpiry, now));
    },
    forget: (topic) => remove(root, topic.split('/'), 0),
    match(levels, now) {
      const found: Message[] = [];
      gather(root, levels, 0, found);
      const live = found.filter((message) => message.expiresAt === undefined || message.expiresAt > now);
      for (const message of found) {
        if (message.expiresAt !== undefined && message.expiresAt <= now) remove(root, message.topic.split('/'), 0);
      }
      return live;
    },
    get size() {
      return size;
    },
  };
}

function gather(node: Node, levels: readonly string[], depth: number, found: Message[]): void {
  const level = levels[depth];
  if (level === undefined) {
    if (node.message !== undefined) found.push(node.message);
    return;
  }
  if (level === '#') {
    gatherAll(node, depth === 0, found);
    return;
  }
  if (level !== '+') {
    const child = node.children.get(level);
    if (child !== undefined) gather(child, levels, depth + 1, found);
    return;
  }
  for (const [name, child] of node.children) {
    if (depth > 0 || !name.startsWith('$')) gather(child, levels, depth + 1, found);
  }
}

/** MQTT5 4.7.2: a leading wildcard leaves out topics that begin with $. */
function gatherAll(node: Node, leading: boolean, found: Message[]): void {
  if (node.message !== undefined) found.push(node.message);
  for (const [name, child] of node.children) {
    if (!leading || !name.startsWith('$')) gatherAll(child, false, found);
  }
}
