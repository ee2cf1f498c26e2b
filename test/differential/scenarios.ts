import type { Scenario } from './scenario.ts';
import { basics } from './scenarios/basics.ts';
import { faults } from './scenarios/faults.ts';
import { properties } from './scenarios/properties.ts';
import { retained } from './scenarios/retained.ts';
import { topics } from './scenarios/topics.ts';

/** Everything that is played through both bridges. */
export const scenarios: readonly Scenario[] = [...basics, ...topics, ...retained, ...properties, ...faults];
