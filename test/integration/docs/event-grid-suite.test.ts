import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const TEST = join(import.meta.dirname, '../..');
const files = globSync(['faults/*.test.ts', 'integration/agent/*.test.ts'], { cwd: TEST });
const read = (file: string) => readFileSync(join(TEST, file), 'utf8');
const rows = [...read('event-grid.md').matchAll(/^\| `([^`]+)` \| (?:`([^`]+)`|(all)) \| (.+) \|$/gm)].map(
  ([, file = '', title, all, reason]) => ({ file, title, all: all !== undefined, reason }),
);
/** Words by which a test says that its remote end is Event Grid. */
const AT_EVENT_GRID = /REMOTE_KINDS|INSIDE_KINDS|'eventgrid'|createEventGridEmulator|startEmulator/;

describe('the list of tests that do not run with Event Grid as the remote', () => {
  test.each(rows)('$file $title: the test is there', ({ file, title }) => {
    expect(files).toContain(file);
    if (title !== undefined) expect(read(file)).toContain(title);
  });

  test.each(files)('%s has Event Grid as the remote, or is listed as a whole', (file) => {
    const listed = rows.some((row) => row.file === file && row.all);
    expect(listed || AT_EVENT_GRID.test(read(file))).toBe(true);
  });
});
