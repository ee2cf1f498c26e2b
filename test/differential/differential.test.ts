import { describe, test } from 'vitest';
import { idealArrivals } from './arrival.ts';
import { expectEqualDelivery } from './compare.ts';
import { play } from './play.ts';
import { scenarios } from './scenarios.ts';

const SPOKEN = { 4: 'MQTT 3.1.1', 5: 'MQTT 5' } as const;

describe.concurrent("Mosquitto's bridge and ours", () => {
  for (const scenario of scenarios) {
    for (const version of scenario.versions ?? ([4, 5] as const)) {
      test(`${scenario.name} (${SPOKEN[version]})`, async (t) => {
        const [mosquitto, ours] = await Promise.all([
          scenario.alone ? idealArrivals(scenario) : play(t, scenario, { contender: 'mosquitto', version }),
          play(t, scenario, { contender: 'ours', version }),
        ]);
        expectEqualDelivery(scenario, version, { mosquitto, ours });
      });
    }
  }
});
