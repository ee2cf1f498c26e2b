import { chmod, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openDurableStore } from '../../../../../local/functions-host/durable/store/store.ts';
import { createTempDir } from '../../../../support/temp-dir.ts';

describe('durable store', () => {
  test('keeps its file from everybody else, also one that is there', async (t) => {
    const folder = await createTempDir(t, 'durable-store');
    for (const name of ['new.db', 'old.db']) {
      const file = join(folder, name);
      if (name === 'old.db') {
        await writeFile(file, '');
        await chmod(file, 0o644);
      }
      const store = openDurableStore(file);
      store.commit(() => store.inbox.add('it', { kind: 'suspend', reason: '' }));
      for (const part of [file, `${file}-wal`]) expect([part, (await stat(part)).mode & 0o777]).toEqual([part, 0o600]);
      store.close();
    }
  });

  test('a second host on the same file is refused', async (t) => {
    const file = join(await createTempDir(t, 'durable-store'), 'hub.db');
    const store = openDurableStore(file);
    expect(() => openDurableStore(file)).toThrow('another host');
    store.close();
    openDurableStore(file).close();
  });

  test('a file of a newer program is refused', async (t) => {
    const file = join(await createTempDir(t, 'durable-store'), 'hub.db');
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => openDurableStore(file)).toThrow('cannot be opened');
  });

  test('a change that throws leaves nothing behind', () => {
    const store = openDurableStore(':memory:');
    const change = () =>
      store.commit(() => {
        store.inbox.add('it', { kind: 'suspend', reason: '' });
        throw new Error('half way');
      });
    expect(change).toThrow('half way');
    expect(store.inbox.recipients()).toEqual([]);
    store.close();
  });

  test('an activity is removed once', () => {
    const store = openDurableStore(':memory:');
    const seq = store.activities.add({ instance: 'it', execution: 'e', task: 0, name: 'a', input: 'null' });
    expect([store.activities.remove(seq), store.activities.remove(seq)]).toEqual([true, false]);
    store.close();
  });
});
