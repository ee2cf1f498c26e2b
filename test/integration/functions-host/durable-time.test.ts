import * as df from 'durable-functions';
import { afterAll, describe, expect, test } from 'vitest';
import { startEngine } from '../../support/durable-engine.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

df.app.orchestration('watching', function* (context) {
  const { wakes } = context.df.getInput<{ wakes: number }>();
  const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 3 * MINUTE));
  const event = context.df.waitForExternalEvent('hint');
  const winner: unknown = yield context.df.Task.any([event, timer]);
  if (winner === event) timer.cancel();
  context.df.continueAsNew({ wakes: wakes + 1 });
});

const { begin, status, advance, engine, clock } = startEngine();
afterAll(() => engine.stop());

describe('durable engine - thirty days', () => {
  test('an eternal orchestration that wakes every three minutes keeps a small history', async () => {
    const id = await begin('watching', { wakes: 0 });
    for (let day = 0; day < 30; day++) {
      await advance(DAY);
      const { runtimeStatus, historyEvents, input } = await status(id, '?showHistory=true');
      expect({ runtimeStatus, input }).toEqual({ runtimeStatus: 'Running', input: { wakes: (day + 1) * 24 * 20 } });
      expect(historyEvents?.length).toBeLessThan(5);
    }
    expect(clock.armed).toBe(1);
  });
});
