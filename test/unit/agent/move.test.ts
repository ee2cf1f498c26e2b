import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Deployment, reconcile } from '../../../agent/config/reconcile.ts';
import { type Move, moveOf, orphansOf, ownPart } from '../../../agent/move.ts';
import { planConnector } from '../../../shared/plan/plan.ts';
import type { Plan } from '../../../shared/plan/types.ts';
import type { RouteInput } from '../../../shared/resources/topic-map.ts';
import { sampleConnector, sampleMap } from '../shared/sample.ts';

interface Settings {
  readonly slots: number;
  readonly remoteSessions: 'perInstance' | 'perRoute';
  readonly routes: readonly { readonly name: string; readonly inward: boolean; readonly shares: number }[];
}

function deploy({ slots, remoteSessions, routes }: Settings): Deployment {
  const connector = sampleConnector({ bridgeInstances: slots, remoteSessions });
  const inputs = routes.map(
    ({ name, inward, shares }): RouteInput => ({
      direction: inward ? 'remote-to-local' : 'local-to-remote',
      name,
      source: `from/${name}`,
      target: `to/${name}`,
      ...(shares > 0 && { sharedSubscription: { groupMinimumShareNumber: shares, groupName: 'g' } }),
    }),
  );
  const topicMaps = inputs.length === 0 ? [] : [sampleMap(inputs)];
  return { connector, plan: planConnector({ connector, topicMaps }) };
}

const route = (name: string, shares = 0) => ({ name, inward: false, shares });
const slotsOf = (instance: number, instances: number) =>
  new Set(Array.from({ length: 8 }, (_, slot) => slot).filter((slot) => slot % instances === instance));

/** How each of so many instances gets from one document to another when slots stay where they are. */
function movesOf(former: Deployment, wanted: Deployment, instances: number): Move[] {
  return Array.from({ length: instances }, (_, instance) => {
    const slots = slotsOf(instance, instances);
    const part = ({ connector, plan }: Deployment): Deployment => ({ connector, plan: ownPart(plan, slots) });
    return moveOf(reconcile(part(former), part(wanted)), wanted.plan, former.plan);
  });
}

const keys = (parts: readonly { readonly key: string }[]) => parts.map(({ key }) => key);
const sorted = (parts: readonly { readonly key: string }[]) => keys(parts).sort();
const owner = (plan: Plan, key: string, instances: number) => {
  const session = plan.sessions.find((one) => one.key === key);
  return session && session.slot % instances;
};

const settings: fc.Arbitrary<Settings> = fc.record({
  slots: fc.integer({ min: 0, max: 6 }),
  remoteSessions: fc.constantFrom('perInstance', 'perRoute'),
  routes: fc.uniqueArray(
    fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), inward: fc.boolean(), shares: fc.nat({ max: 3 }) }),
    { selector: ({ name }) => name },
  ),
});

describe('a move', () => {
  it('gives every session that comes to another instance up in one, and awaits it in the other', () => {
    fc.assert(
      fc.property(settings, settings, fc.integer({ min: 1, max: 3 }), (before, after, instances) => {
        const [former, wanted] = [deploy(before), deploy(after)];
        const moves = movesOf(former, wanted, instances);
        for (const { key } of former.plan.sessions) {
          const from = owner(former.plan, key, instances);
          const to = owner(wanted.plan, key, instances);
          if (from === undefined || to === from) continue;
          const { released, leaving } = moves[from];
          expect(keys(to === undefined ? leaving.sessions : released.sessions)).toContain(key);
          if (to !== undefined) expect(keys(moves[to].awaited)).toContain(key);
        }
      }),
    );
  });

  it('puts everything that changes into one list', () => {
    fc.assert(
      fc.property(settings, settings, fc.integer({ min: 1, max: 3 }), (before, after, instances) => {
        const [former, wanted] = [deploy(before), deploy(after)];
        for (const [instance, move] of movesOf(former, wanted, instances).entries()) {
          const slots = slotsOf(instance, instances);
          const part = ({ connector, plan }: Deployment): Deployment => ({ connector, plan: ownPart(plan, slots) });
          const { sessions, lanes } = reconcile(part(former), part(wanted));
          expect(sorted([...move.fresh, ...move.awaited])).toEqual(sorted(sessions.start));
          expect(sorted([...move.released.sessions, ...move.leaving.sessions])).toEqual(sorted(sessions.stop));
          expect(sorted([...move.early.start, ...move.late.start])).toEqual(sorted(lanes.start));
          expect(sorted([...move.released.lanes, ...move.leaving.lanes])).toEqual(sorted(lanes.stop));
          const replaced = [...move.early.replace, ...move.late.replace].map(({ to }) => to);
          expect(sorted(replaced)).toEqual(sorted(lanes.replace.map(({ to }) => to)));
          const awaited = new Set(keys(move.awaited));
          const early = [...move.early.start, ...move.early.replace.map(({ to }) => to)];
          expect(early.filter(({ source, target }) => awaited.has(source) || awaited.has(target))).toEqual([]);
        }
      }),
    );
  });

  it('waits for nothing when there is nobody else', () => {
    fc.assert(
      fc.property(settings, settings, (before, after) => {
        const [move] = movesOf(deploy(before), deploy(after), 1);
        expect([...move.awaited, ...move.released.sessions]).toEqual([]);
      }),
    );
  });

  it('awaits all sessions of routes at first, since others may be there already', () => {
    const wanted = deploy({ slots: 1, remoteSessions: 'perInstance', routes: [route('a')] });
    const { fresh, awaited } = moveOf(reconcile(undefined, wanted), wanted.plan, undefined);
    expect(keys(awaited)).toEqual(['local/a']);
    expect(keys(fresh)).toEqual(['remote/bridge-0']);
  });
});

describe('what a dead instance left', () => {
  const routes = [route('a'), route('b')];
  const former = deploy({ slots: 1, remoteSessions: 'perRoute', routes });
  const wanted = deploy({ slots: 1, remoteSessions: 'perRoute', routes: [route('a')] });
  const slots = new Set([0]);

  it('are the sessions and lanes that the document does not have any more', () => {
    const { sessions, lanes } = orphansOf(former, wanted.plan, { slots, here: new Set() });
    expect(sorted(sessions)).toEqual(['local/b', 'remote/b']);
    expect(keys(lanes)).toEqual(['map/b']);
  });

  it('is nothing in other slots', () => {
    expect(orphansOf(former, wanted.plan, { slots: new Set([1]), here: new Set() }).sessions).toEqual([]);
  });

  it('is not what ends here already', () => {
    const here = new Set(['local/b', 'remote/b']);
    expect(orphansOf(former, wanted.plan, { slots, here })).toEqual({ sessions: [], lanes: [] });
  });

  it('goes on to the session of its slot', () => {
    const perInstance = (names: readonly string[]) =>
      deploy({ slots: 1, remoteSessions: 'perInstance', routes: names.map((name) => route(name)) });
    const left = orphansOf(perInstance(['a', 'b']), perInstance(['a']).plan, { slots, here: new Set() });
    expect(keys(left.sessions)).toEqual(['local/b']);
    expect(left.lanes).toMatchObject([{ key: 'map/b', source: 'local/b', target: 'remote/bridge-0' }]);
  });
});
