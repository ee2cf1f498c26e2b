import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { definitionOf, loadObjects } from '../../../../agent/config/kubernetes/definition.ts';
import { instanceEntry } from '../../../../agent/config/kubernetes/status-entry.ts';
import { judgeDocument } from '../../../../agent/config/remote/document.ts';
import type { StoredObject } from '../../../../kubernetes/object.ts';
import { createJudge } from '../../../../operator/judge/judge.ts';
import { connectorStatusOf } from '../../../../operator/status/connector-status.ts';
import { snapshotOf } from '../../agent/observe/snapshot-of.ts';
import { NOW, settled, situationOf } from '../status/sample.ts';
import { anyEdit, applied } from './edits.ts';

property.prop([fc.array(anyEdit, { minLength: 1, maxLength: 30 })], { numRuns: 100 })(
  'operator and agent take the same connectors, refuse the same, and call what they take the same',
  (edits) => {
    const objects = new Map<string, StoredObject>();
    const judge = createJudge();
    for (const [step, edit] of edits.entries()) judge.note(applied(objects, edit, step));
    const all = [...objects.values()];
    for (const connector of all) {
      const { namespace, name, deletionTimestamp } = connector.metadata;
      if (connector.kind !== 'MqttBridgeConnector' || deletionTimestamp !== undefined) continue;
      const maps = all.filter(
        ({ kind, metadata }) => kind === 'MqttBridgeTopicMap' && metadata.namespace === namespace,
      );
      const update = judgeDocument(definitionOf(connector, maps), name, loadObjects);
      const judged = judge.judgementOf(`${namespace}/${name}`);
      expect(judged?.connector?.document).toEqual(update.kind === 'document' ? update.document : undefined);
      if (update.kind === 'document') continue;
      const told = [judged?.connector, ...(judged?.topicMaps.values() ?? [])].flatMap((one) => one?.problems ?? []);
      expect(told.map(({ rule, path }) => `${rule} ${path}`).toSorted()).toEqual(
        update.problems.map(({ rule, path }) => `${rule} ${path}`).toSorted(),
      );
    }
  },
);

test('an agent of which all is well makes its connector ready', () => {
  const situation = situationOf();
  const { document } = situation.judgement.connector;
  const base = snapshotOf();
  const [first] = base.routes;
  if (first === undefined) throw new RangeError('the sample has no route');
  const route = { ...first, topicMap: 'telemetry', route: 'telemetry-out', lanes: { total: 1, ready: 1 } };
  const { fault: _fault, refusal: _refusal, ...well } = route;
  const sessions = base.sessions.map(({ fault: _why, clientIdConflict: _rival, ...session }) => ({
    ...session,
    state: 'connected' as const,
  }));
  const config = { revision: document?.revision ?? '', generation: 1, rejectedTotal: 0 };
  const snapshot = snapshotOf({ config, routes: [well], sessions });
  const about = { instance: '0', runs: 1, judged: 1, stopping: false, former: undefined, now: NOW };
  const status = connectorStatusOf({
    ...settled(situation),
    former: { instances: [instanceEntry(snapshot, about)] },
  });
  expect(status).toMatchObject({ configStatusLevel: 'Running', routes: { total: 1, ready: 1 } });
});
