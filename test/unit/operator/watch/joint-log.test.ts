import { expect, test } from 'vitest';
import { createJointLog } from '../../../../operator/watch/joint-log.ts';
import { loggerInto, type OperatorLine } from '../../../support/kubernetes/operator.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function stage() {
  const virtual = createVirtualClock();
  const lines: OperatorLine[] = [];
  const clock = {
    now: () => virtual.now(),
    after: (ms: number, action: () => void) => virtual.callAt(virtual.now() + ms, action),
  };
  const log = createJointLog(clock, loggerInto(lines));
  const apart = (kind: string, error: string) =>
    log.warn({ evt: 'KubernetesApart', kind, namespace: 'plant', reason: 'Unauthorized', error }, `${kind} is apart`);
  return { log, apart, lines, advance: (ms: number) => virtual.advance(ms, turn) };
}

test('joint log - says once what several kinds are apart for, and names them', async () => {
  const { apart, lines, advance } = stage();
  for (const kind of ['Role', 'Service', 'StatefulSet']) apart(kind, 'who are you');
  apart('Lease', 'another');
  await advance(1000);
  const fields = { level: 'warn', evt: 'KubernetesApart', namespace: 'plant', reason: 'Unauthorized' };
  const message = 'Role, Service, StatefulSet are not followed, so what is known may be old: who are you';
  expect(lines).toEqual([
    { ...fields, kinds: ['Role', 'Service', 'StatefulSet'], error: 'who are you', message },
    { ...fields, kind: 'Lease', error: 'another', message: 'Lease is apart' },
  ]);
});

test('joint log - keeps the order in which kinds come apart and are followed again', async () => {
  const { apart, log, lines, advance } = stage();
  apart('Role', 'who are you');
  log.info({ evt: 'KubernetesSynced', kind: 'Role' });
  await advance(1000);
  expect(lines.map(({ evt }) => evt)).toEqual(['KubernetesApart', 'KubernetesSynced']);
});
