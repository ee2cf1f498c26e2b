import { describe, expect, test } from 'vitest';
import { connectorYaml, TOPIC_MAP_YAML } from '../../../../local/demo/resources.ts';
import { sampleMessages, TICKS_PER_SECOND } from '../../../../local/demo/traffic.ts';
import { validateConfig } from '../../../../shared/config/validate.ts';
import { explainTopic } from '../../../../shared/explain.ts';

const { problems, connectors } = validateConfig([
  { name: 'connector.yaml', text: connectorYaml({ local: 'localhost:1', remote: 'localhost:2' }) },
  { name: 'topic-map.yaml', text: TOPIC_MAP_YAML },
]);

describe('resources of the demo', () => {
  test('are valid', () => {
    expect(problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  });

  test('forward every sample message over exactly one route, and every route is used', () => {
    const used = new Set<string>();
    for (let tick = 0; tick < TICKS_PER_SECOND; tick++) {
      for (const { place, topic } of sampleMessages(tick)) {
        const direction = place === 'local' ? 'local-to-remote' : 'remote-to-local';
        const routes = explainTopic(connectors[0], topic, direction).filter((route) => route.matched);
        expect(routes).toHaveLength(1);
        used.add(routes[0].route);
      }
    }
    expect([...used].sort()).toEqual(
      connectors[0].topicMaps.flatMap((map) => map.spec.routes.map((route) => route.name)).sort(),
    );
  });
});
