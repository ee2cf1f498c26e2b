import { describe, expect, test } from 'vitest';
import { takeIn } from '../../../../../local/functions-host/durable/intake.ts';
import {
  type Instance,
  type InstanceMessage,
  NO_PROGRESS,
  type OpenTask,
} from '../../../../../local/functions-host/durable/model.ts';
import { EVENT } from '../../../../../local/functions-host/durable/protocol.ts';

const NOW = 1_000_000;

function instance(open: Record<number, OpenTask> = {}, more: Partial<Instance> = {}): Instance {
  return {
    id: 'it',
    name: 'orchestrator',
    version: undefined,
    execution: 'e1',
    parent: undefined,
    input: 'null',
    output: undefined,
    customStatus: undefined,
    status: 'Running',
    createdAt: 0,
    updatedAt: 0,
    progress: { ...NO_PROGRESS, open },
    ...more,
  };
}

const inbox = (...messages: InstanceMessage[]) => messages.map((message, index) => ({ seq: index + 1, message }));
const done = (task: number, execution = 'e1'): InstanceMessage => ({
  kind: 'completed',
  by: 'activity',
  execution,
  task,
  result: '1',
});
const failed = (task: number): InstanceMessage => ({
  kind: 'failed',
  by: 'activity',
  execution: 'e1',
  task,
  reason: 'r',
  details: 'd',
});
const fired = (task: number, fireAt = NOW): InstanceMessage => ({ kind: 'fired', execution: 'e1', task, fireAt });
const event: InstanceMessage = { kind: 'event', name: 'go', input: '1' };
const WORK: OpenTask = { kind: 'work', action: 0 };
const attempt: OpenTask = { kind: 'attempt', action: 0, attempt: 1, attempts: 3 };
const types = (events: readonly { readonly EventType: number }[]) => events.map(({ EventType }) => EventType);

describe('intake', () => {
  test('takes everything at once where nothing takes a number by itself', () => {
    const intake = takeIn(instance({ 0: WORK, 1: WORK }), inbox(done(0), event, done(1)), NOW);
    expect(intake).toMatchObject({ taken: [1, 2, 3], open: {}, step: undefined, news: true, more: false });
    expect(types(intake.events)).toEqual([
      EVENT.orchestratorStarted,
      EVENT.taskCompleted,
      EVENT.eventRaised,
      EVENT.taskCompleted,
    ]);
  });

  test('a failed attempt is the first of its turn', () => {
    const first = takeIn(instance({ 0: WORK, 1: attempt }), inbox(done(0), failed(1), event), NOW);
    expect(first).toMatchObject({ taken: [1], step: undefined, more: true });
    const second = takeIn(instance({ 1: attempt }), inbox(failed(1), event), NOW);
    expect(second).toMatchObject({ taken: [1, 2], step: { kind: 'pause', task: attempt }, more: false });
  });

  test('a pause leads to another attempt while there are any left', () => {
    const pause = (count: number): OpenTask => ({ kind: 'pause', action: 0, attempt: count, attempts: 3 });
    expect(takeIn(instance({ 5: pause(2) }), inbox(fired(5)), NOW).step).toMatchObject({ kind: 'attempt' });
    expect(takeIn(instance({ 5: pause(3) }), inbox(fired(5)), NOW).step).toBeUndefined();
  });

  test('a link of a chained timer leads to the next until the end of the chain', () => {
    const timer = (finalAt: number): OpenTask => ({ kind: 'timer', action: 0, finalAt });
    expect(takeIn(instance({ 5: timer(NOW + 1) }), inbox(fired(5)), NOW).step).toMatchObject({ kind: 'link' });
    expect(takeIn(instance({ 5: timer(NOW) }), inbox(fired(5)), NOW).step).toBeUndefined();
  });

  test.each([
    ['of another execution', done(0, 'e0')],
    ['that came before', done(7)],
    ['to a timer that was cancelled', fired(8)],
  ])('drops an answer %s', (_, message) => {
    expect(takeIn(instance({ 0: WORK }), inbox(message), NOW)).toMatchObject({ taken: [1], news: false });
  });

  test('tells an answer once that comes twice', () => {
    const intake = takeIn(instance({ 0: WORK }), inbox(done(0), done(0)), NOW);
    expect([intake.taken, types(intake.events)]).toEqual([
      [1, 2],
      [EVENT.orchestratorStarted, EVENT.taskCompleted],
    ]);
  });

  test('tells the beginning before what outlived the generation before', () => {
    const intake = takeIn(instance(), inbox(event, { kind: 'start', execution: 'e1' }), NOW);
    expect(types(intake.events)).toEqual([EVENT.orchestratorStarted, EVENT.executionStarted, EVENT.eventRaised]);
  });

  test('takes commands only while it is suspended', () => {
    const suspend: InstanceMessage = { kind: 'suspend', reason: '' };
    const resume: InstanceMessage = { kind: 'resume', reason: '' };
    expect(takeIn(instance(), inbox(event, suspend), NOW)).toMatchObject({ taken: [2], suspended: true, more: false });
    const suspended = instance({}, { status: 'Suspended' });
    expect(takeIn(suspended, inbox(event), NOW)).toMatchObject({ taken: [], news: false, more: false });
    expect(takeIn(suspended, inbox(event, resume), NOW)).toMatchObject({ taken: [2, 1], suspended: false, news: true });
  });

  test('terminates whatever else there is', () => {
    const terminate: InstanceMessage = { kind: 'terminate', reason: 'enough' };
    const intake = takeIn(instance({}, { status: 'Suspended' }), inbox(event, terminate), NOW);
    expect(intake).toMatchObject({ terminated: 'enough', news: false });
  });

  test('time never runs backwards, nor behind a timer that fired', () => {
    expect(takeIn(instance({}, { progress: { ...NO_PROGRESS, at: NOW + 5 } }), inbox(event), NOW).at).toBe(NOW + 5);
    const timer: OpenTask = { kind: 'timer', action: 0, finalAt: NOW + 9 };
    expect(takeIn(instance({ 1: timer }), inbox(fired(1, NOW + 9)), NOW).at).toBe(NOW + 9);
  });
});
