import { fc } from '@fast-check/vitest';
import { NO_LIMITS, type TargetLimits } from '../../../../../agent/forward/window.ts';
import type { TargetAnswer } from './target-broker.ts';
import type { Publish, World } from './world.ts';

/** One thing that can happen to a bridge. */
export type Action =
  | { readonly kind: 'publish'; readonly publish: Publish }
  | { readonly kind: 'deliver'; readonly bytes: number }
  | { readonly kind: 'sourceReads' | 'endTurn' | 'congest' | 'drain' | 'retry' | 'sourceCut' }
  | { readonly kind: 'bury'; readonly code: number }
  | { readonly kind: 'sourceUp'; readonly present: boolean }
  | { readonly kind: 'targetReads'; readonly frames: number }
  | { readonly kind: 'targetAnswers'; readonly choice: number; readonly answer: TargetAnswer; readonly lost: boolean }
  | { readonly kind: 'targetUp'; readonly limits: TargetLimits; readonly present: boolean }
  | { readonly kind: 'targetCut'; readonly stored: boolean; readonly blame: boolean }
  | { readonly kind: 'pass'; readonly milliseconds: number };

const publish: fc.Arbitrary<Publish> = fc
  .record({
    topic: fc.constantFrom('t/a', 't/b', 't/c/d'),
    qos: fc.constantFrom(0, 1, 1, 2, 2),
    retain: fc.boolean(),
    padding: fc.constantFrom(0, 0, 0, 30, 300, 130),
    expiry: fc.constantFrom(undefined, undefined, undefined, 5, 60),
  })
  .map(({ expiry, ...rest }) => (expiry === undefined ? rest : { ...rest, expiry }));

const limits: fc.Arbitrary<TargetLimits> = fc
  .record({
    receiveMaximum: fc.constantFrom(65_535, 65_535, 1, 2, 3),
    maximumPacketSize: fc.constantFrom(268_435_460, 268_435_460, 100, 200),
    maximumQos: fc.constantFrom<(0 | 1 | 2)[]>(2, 2, 2, 1, 0),
    retainAvailable: fc.constantFrom(true, true, false),
  })
  .map((stated) => ({ ...NO_LIMITS, ...stated }));

const unlimited: fc.Arbitrary<TargetLimits> = fc.constant(NO_LIMITS);

function of<const K extends Action['kind']>(kind: K) {
  return fc.record({ kind: fc.constant(kind) }) as fc.Arbitrary<{ kind: K }>;
}

/** Mostly traffic, sometimes trouble. */
export const arbitraryAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('publish'), publish }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('deliver'), bytes: fc.constantFrom(3, 40, 200, 5000) }) },
  { weight: 8, arbitrary: of('endTurn') },
  { weight: 4, arbitrary: of('sourceReads') },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('targetReads'), frames: fc.constantFrom(1, 3, 100) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('targetAnswers'),
      choice: fc.nat(10),
      answer: fc.constantFrom<TargetAnswer[]>('accept', 'accept', 'accept', 'accept', 'transient', 'permanent'),
      lost: fc.constantFrom(false, false, false, false, false, true),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('targetUp'),
      limits: fc.oneof(unlimited, limits),
      present: fc.constantFrom(true, true, true, false),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('targetCut'),
      stored: fc.boolean(),
      blame: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sourceUp'), present: fc.constantFrom(true, true, false) }) },
  { weight: 1, arbitrary: of('sourceCut') },
  { weight: 1, arbitrary: of('congest') },
  { weight: 2, arbitrary: of('drain') },
  { weight: 2, arbitrary: of('retry') },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('bury'), code: fc.constantFrom(0, 0, 0x97, 0x87) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), milliseconds: fc.constantFrom(10, 2500, 70_000) }) },
) as fc.Arbitrary<Action>;

/** Lets it happen. */
export function perform(world: World, action: Action): void {
  switch (action.kind) {
    case 'publish':
      return world.publish(action.publish);
    case 'deliver':
      return world.deliver(action.bytes);
    case 'sourceReads':
      return world.sourceReads();
    case 'bury':
      return world.bury(action.code);
    case 'sourceUp':
      return world.sourceUp(action.present);
    case 'sourceCut':
      return world.sourceCut();
    case 'targetReads':
      return world.targetReads(action.frames);
    case 'targetAnswers':
      return world.targetAnswers(action.choice, action.answer, action.lost);
    case 'targetUp':
      return world.targetUp(action.limits, action.present);
    case 'targetCut':
      return world.targetCut(action.stored, action.blame);
    case 'congest':
      return world.targetSocket.congest();
    case 'drain':
      return world.targetDrains();
    case 'retry':
      return world.retry();
    case 'pass':
      return world.pass(action.milliseconds);
    case 'endTurn':
      return world.endTurn();
  }
}
