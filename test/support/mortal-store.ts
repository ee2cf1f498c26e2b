import { type DurableStore, openDurableStore } from '../../local/functions-host/durable/store/store.ts';

/** Makes what opens stores that write down `commits` changes and then nothing any more, as if the host had been killed. */
export function mortalStore(commits: number): (file: string) => DurableStore {
  return (file) => {
    const store = openDurableStore(file);
    let left = commits;
    return {
      ...store,
      commit(work) {
        if (left === 0) throw new Error('killed');
        left--;
        return store.commit(work);
      },
    };
  };
}
