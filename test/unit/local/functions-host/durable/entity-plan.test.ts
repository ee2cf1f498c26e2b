import { describe, expect, test } from 'vitest';
import { planEntity } from '../../../../../local/functions-host/durable/entity-plan.ts';
import type { EntityMessage } from '../../../../../local/functions-host/durable/model.ts';

const inbox = (...messages: EntityMessage[]) => messages.map((message, index) => ({ seq: index + 1, message }));
const operation = (id: string, caller?: string): EntityMessage => ({
  kind: 'operation',
  id,
  name: 'add',
  ...(caller === undefined ? {} : { caller }),
});
const lock = (id: string): EntityMessage => ({
  kind: 'lock',
  id,
  owner: `owner-${id}`,
  entities: ['@e@1'],
  position: 0,
});
const unlock = (id: string): EntityMessage => ({ kind: 'unlock', id });
const held = (id: string) => ({ requestId: id, owner: `owner-${id}` });

const rows: [
  title: string,
  lock: ReturnType<typeof held> | undefined,
  messages: EntityMessage[],
  taken: number[],
  operations: string[],
  after: ReturnType<typeof held> | undefined,
][] = [
  ['operations in order', undefined, [operation('1'), operation('2')], [1, 2], ['1', '2'], undefined],
  [
    'nobody but the owner while it is locked',
    held('x'),
    [operation('1'), operation('2', 'owner-x')],
    [2],
    ['2'],
    held('x'),
  ],
  ['what waited, once it is unlocked', held('x'), [operation('1'), unlock('x')], [2, 1], ['1'], undefined],
  [
    'operations before a lock, and none behind it',
    undefined,
    [operation('1'), lock('x'), operation('2')],
    [1, 2],
    ['1'],
    held('x'),
  ],
  ['one lock after the other', held('x'), [lock('y'), unlock('x'), operation('1')], [2, 1], [], held('y')],
  ['no lock that was withdrawn', undefined, [lock('x'), unlock('x'), operation('1')], [1, 2, 3], ['1'], undefined],
  ['an unlock of somebody else changes nothing', held('x'), [unlock('y'), operation('1')], [1], [], held('x')],
];

describe('entity plan', () => {
  test.each(rows)('takes %s', (_, before, messages, taken, operations, after) => {
    const plan = planEntity(before, inbox(...messages));
    expect({ taken: plan.taken, operations: plan.operations.map(({ id }) => id), lock: plan.lock }).toEqual({
      taken,
      operations,
      lock: after,
    });
  });

  test('takes a hundred operations at once, at most', () => {
    const plan = planEntity(undefined, inbox(...Array.from({ length: 150 }, (_, index) => operation(String(index)))));
    expect([plan.operations.length, plan.taken.length]).toEqual([100, 100]);
  });
});
