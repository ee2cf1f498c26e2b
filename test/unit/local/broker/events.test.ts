import { expect, test } from 'vitest';
import { createEventHub } from '../../../../local/broker/events.ts';

const will = (topic: string) => ({ clientId: 'c', topic });

test('events - next resolves with the first event that fits', async () => {
  const hub = createEventHub();
  const waiting = hub.next('will', ({ topic }) => topic === 'b');
  hub.emit('will', will('a'));
  hub.emit('will', will('b'));
  hub.emit('will', will('c'));
  expect((await waiting).topic).toBe('b');
  expect(hub.wanted('will')).toBe(false);
});

test('events - a listener hears until it is taken off', () => {
  const hub = createEventHub();
  const heard: string[] = [];
  const stop = hub.on('will', ({ topic }) => heard.push(topic));
  expect(hub.wanted('will')).toBe(true);
  hub.emit('will', will('a'));
  stop();
  hub.emit('will', will('b'));
  expect(heard).toEqual(['a']);
});

test('events - close rejects whoever waits and forgets listeners', async () => {
  const hub = createEventHub();
  const waiting = hub.next('connected');
  hub.close();
  await expect(waiting).rejects.toThrow('closed');
  expect(hub.wanted('connected')).toBe(false);
});
