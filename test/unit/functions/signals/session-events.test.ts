import { expect, it } from 'vitest';
import { noteSessions } from '../../../../functions/signals/note-sessions.ts';
import { signalsOf } from '../../../../functions/signals/signals-of.ts';
import { takeSessionEvent } from '../../../../functions/signals/take-session-event.ts';
import { brokenReport, receivedOf, reportOf, START } from '../../../support/health/reports.ts';
import { createTestSite, type TestSite } from '../../../support/health/site.ts';

/** An event as Event Grid's system topic delivers it. */
function cloudEvent(kind: 'Connected' | 'Disconnected', sequenceNumber: number, data: object = {}) {
  return {
    specversion: '1.0',
    id: `event-${kind}-${sequenceNumber}`,
    time: new Date(START + sequenceNumber * 1_000).toISOString().replace('Z', '0000Z'),
    type: `Microsoft.EventGrid.MQTTClientSession${kind}`,
    source: '/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/namespaces/NS',
    subject: 'clients/auth/sessions/edge-up',
    data: {
      namespaceName: 'NS',
      clientAuthenticationName: 'auth',
      clientSessionName: 'edge-up',
      sequenceNumber,
      ...(kind === 'Disconnected' && { disconnectionReason: 'SessionOverflow' }),
      ...data,
    },
  };
}

async function begin(t: Parameters<typeof createTestSite>[0]) {
  const site = await createTestSite(t);
  await site.define({ c: 1 });
  const hints: string[] = [];
  const log: unknown[] = [];
  const trigger = { ensure: async () => undefined, hint: async (name: string) => void hints.push(name) };
  const deps = { stores: site.stores, trigger, now: site.now, log: (...entry: unknown[]) => void log.push(entry) };
  return { site, hints, log, take: (event: unknown) => takeSessionEvent(event, deps) };
}

async function told({ stores, site }: TestSite): Promise<string[]> {
  const { items } = await stores.health.listEvents(site, { limit: 100 });
  return items
    .toReversed()
    .map(({ type, session, reasons }) => `${type} ${session} ${reasons[0]?.reason ?? ''}`.trim());
}

it('writes to the time line of the connector that reported the session, and wakes its judge', async (t) => {
  const { site, hints, take } = await begin(t);
  await noteSessions(site.stores, 'plant', receivedOf(START));
  await take(cloudEvent('Connected', 1));
  await take(cloudEvent('Disconnected', 1));
  expect((await told(site)).sort()).toEqual([
    'SessionConnected edge-up',
    'SessionDisconnected edge-up SessionOverflow',
  ]);
  expect(hints).toEqual(['plant', 'plant']);
});

it('takes repeated and disordered events without harm', async (t) => {
  const { site, hints, take } = await begin(t);
  await noteSessions(site.stores, 'plant', receivedOf(START));
  const events = [cloudEvent('Disconnected', 2), cloudEvent('Connected', 2), cloudEvent('Connected', 1)];
  for (const event of [...events, ...events, ...events.toReversed()]) await take(event);
  await Promise.all(events.map(take));
  expect(await told(site)).toHaveLength(3);
  expect(hints).toEqual(['plant']);
  const [signal] = await signalsOf(site.stores.sessions, [receivedOf(START, brokenReport())]);
  expect(signal).toEqual({ connector: 'c', session: 'edge-up', at: START + 2_000, reason: 'SessionOverflow' });
});

it('takes twenty events at once, each one once', async (t) => {
  const { site, take } = await begin(t);
  await noteSessions(site.stores, 'plant', receivedOf(START));
  const numbers = Array.from({ length: 10 }, (_, number) => number);
  await Promise.all(numbers.map((number) => take(cloudEvent('Connected', number))));
  const record = await site.stores.sessions.read('ns', 'edge-up');
  expect(record?.state).toMatchObject({ last: { sequence: 9 } });
});

it('remembers events that come before the first report', async (t) => {
  const { site, hints, take } = await begin(t);
  await take(cloudEvent('Connected', 1));
  expect(await told(site)).toEqual([]);
  await noteSessions(site.stores, 'plant', receivedOf(START, reportOf({ changed: true })));
  expect(await told(site)).toEqual(['SessionConnected edge-up']);
  expect(hints).toEqual([]);
  await take(cloudEvent('Disconnected', 1));
  expect(await told(site)).toHaveLength(2);
});

it('follows a session to another connector', async (t) => {
  const { site, take } = await begin(t);
  await noteSessions(site.stores, 'plant', receivedOf(START));
  await noteSessions(site.stores, 'plant', receivedOf(START, reportOf(), { connector: 'renamed' }));
  await take(cloudEvent('Connected', 1));
  const { items } = await site.stores.health.listEvents('plant', { limit: 10 });
  expect(items.map(({ connector }) => connector)).toEqual(['renamed']);
});

it('reads nothing where sessions are known or connected', async (t) => {
  const { site } = await begin(t);
  await noteSessions(site.stores, 'plant', receivedOf(START));
  const read = () => Promise.reject(new Error('read'));
  const sessions = { ...site.stores.sessions, read };
  expect(await signalsOf(sessions, [receivedOf(START)])).toEqual([]);
  await expect(signalsOf(sessions, [receivedOf(START, brokenReport())])).rejects.toThrow('read');
  await noteSessions(site.stores, 'plant', receivedOf(START));
});

it('says nothing of a session that is connected again', async (t) => {
  const { site, take } = await begin(t);
  await take(cloudEvent('Disconnected', 1));
  await take(cloudEvent('Connected', 2));
  expect(await signalsOf(site.stores.sessions, [receivedOf(START, brokenReport())])).toEqual([]);
});

it.each([
  ['another type', { ...cloudEvent('Connected', 1), type: 'Microsoft.EventGrid.MQTTClientDeleted' }],
  ['no number', cloudEvent('Connected', 1, { sequenceNumber: 'x' })],
  ['no reason', cloudEvent('Disconnected', 1, { disconnectionReason: undefined })],
  ['no object', 'text'],
  ['null', null],
])('ignores an event with %s', async (_, event) => {
  const log: unknown[] = [];
  const nothing = {} as Parameters<typeof takeSessionEvent>[1];
  await takeSessionEvent(event, { ...nothing, log: (name) => void log.push(name) });
  expect(log).toEqual(['EventIgnored']);
});

it('writes nothing for a site that was removed', async (t) => {
  const { site, take } = await begin(t);
  await noteSessions(site.stores, 'plant', receivedOf(START));
  await site.stores.bridges.removeSite('plant');
  await take(cloudEvent('Connected', 1));
  expect(await told(site)).toEqual([]);
});
