/** First in, first out, at constant cost. */
export interface Queue<T> {
  push(item: T): void;
  peek(): T | undefined;
  shift(): T | undefined;
  readonly size: number;
  /** Takes out all items for which `wanted` holds, in order. */
  extract(wanted: (item: T) => boolean): T[];
}

/** An empty queue. */
export function createQueue<T>(): Queue<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    push: (item) => void items.push(item),
    peek: () => items[head],
    shift() {
      const item = items[head];
      if (head >= items.length) return undefined;
      items[head] = undefined;
      head += 1;
      // Half of the array being dead pays for moving the other half.
      if (head > 1_024 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    get size() {
      return items.length - head;
    },
    extract(wanted) {
      const live = items.slice(head) as T[];
      const taken = live.filter((item) => wanted(item));
      items = taken.length === 0 ? live : live.filter((item) => !wanted(item));
      head = 0;
      return taken;
    },
  };
}
