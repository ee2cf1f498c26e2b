import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../../agent/forward/lane.ts';
import { type Passage, TopicTable } from '../../../../agent/forward/topic-table.ts';

function passageOf(sourceTopic: string): Passage {
  // The table never looks into a passage.
  return { lane: {} as Partial<Lane> as Lane, sourceTopic, topic: Buffer.from(sourceTopic), drop: undefined };
}

function find(table: TopicTable, topic: string): string | undefined {
  const bytes = Buffer.from(`?${topic}?`);
  return table.find(bytes, 1, bytes.length - 1)?.sourceTopic;
}

function remember(table: TopicTable, topic: string): void {
  const bytes = Buffer.from(`?${topic}?`);
  table.remember(bytes, 1, bytes.length - 1, passageOf(topic));
  // The read buffer is used again.
  bytes.fill(0);
}

describe('TopicTable', () => {
  it('finds nothing when empty, and what it remembers until it is cleared', () => {
    const table = new TopicTable();
    expect(find(table, 'a')).toBeUndefined();
    remember(table, 'a');
    expect(find(table, 'a')).toBe('a');
    expect(find(table, 'b')).toBeUndefined();
    table.clear();
    expect(find(table, 'a')).toBeUndefined();
  });

  it('never answers with the passage of another topic', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 400 }), (topics) => {
        const table = new TopicTable();
        for (const topic of topics) {
          expect([undefined, topic]).toContain(find(table, topic));
          remember(table, topic);
          expect(find(table, topic)).toBe(topic);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('grows until most of a thousand topics stay', () => {
    const table = new TopicTable();
    const topics = Array.from({ length: 1000 }, (_, i) => `plant/line${i % 10}/sensor${i}`);
    const missed = () => topics.filter((topic) => find(table, topic) === undefined);
    for (let round = 0; round < 10; round++) for (const topic of missed()) remember(table, topic);
    expect(missed().length).toBeLessThan(300);
  });

  it('stays bounded under endless new topics', () => {
    const table = new TopicTable();
    for (let i = 0; i < 50_000; i++) remember(table, `t/${i}`);
    let kept = 0;
    for (let i = 0; i < 50_000; i++) if (find(table, `t/${i}`) !== undefined) kept++;
    expect(kept).toBeGreaterThan(1000);
    expect(kept).toBeLessThanOrEqual(8192);
  });

  it('does not keep very long topics', () => {
    const table = new TopicTable();
    remember(table, 'x'.repeat(1024));
    expect(find(table, 'x'.repeat(1024))).toBeDefined();
    remember(table, 'x'.repeat(1025));
    expect(find(table, 'x'.repeat(1025))).toBeUndefined();
  });
});
