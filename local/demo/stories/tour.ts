import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectorHealth } from '../../../shared/api/health.ts';
import { TOPIC_MAP_YAML } from '../resources.ts';
import { bothRun, type Scene, type Story } from '../story.ts';

/** The instance that dies. */
const VICTIM = 1;
const OLD_TARGET = 'factory/telemetry';
const NEW_TARGET = 'plant/telemetry';

/** What a control plane is for: a definition changes in one place, and somebody notices when an agent dies. */
export const tour: Story = {
  async play(scene) {
    const { say, pause } = scene;
    await bothRun(scene);
    await verdict(scene, 'Healthy');
    await pause();
    await changeRoute(scene);
    await pause();
    await loseInstance(scene);
    say('RECOVERS', 'that was the tour; everything goes on until Ctrl-C');
  },
};

async function changeRoute({ stage, controlPlane, say, until, now }: Scene): Promise<void> {
  const arrived = Promise.withResolvers<string>();
  stage.brokers.remote.events.on('published', ({ topic }) => {
    if (topic.startsWith(NEW_TARGET)) arrived.resolve(topic);
  });
  const file = join(stage.resources, 'topic-map.yaml');
  await writeFile(file, TOPIC_MAP_YAML.replace(OLD_TARGET, NEW_TARGET));
  const printed = await controlPlane.apply(file);
  const applied = now();
  say('DONE', `mqttbridge apply, with ${NEW_TARGET} in place of ${OLD_TARGET}: ${printed}`);
  let topic: string | undefined;
  void arrived.promise.then((first) => (topic = first));
  const first = await until('a message arrives at the new target', () => topic);
  say(
    'RECOVERS',
    `${((now() - applied) / 1_000).toFixed(1)} s later the first message arrived on ${first}; nothing else was touched`,
  );
}

async function loseInstance(scene: Scene): Promise<void> {
  const { agents, say, pause, now } = scene;
  await agents.kill(VICTIM);
  const killed = now();
  say('DONE', `kill -9 of instance ${VICTIM}`);
  const bad = await verdict(scene, 'Degraded');
  say('OPERATOR', `after ${((now() - killed) / 1_000).toFixed(1)} s mqttbridge health says ${wordsOf(bad)}`);
  await pause();
  agents.start(VICTIM);
  say('DONE', `instance ${VICTIM} is started again`);
  await bothRun(scene);
  await verdict(scene, 'Healthy');
  say('RECOVERS', 'mqttbridge health says Healthy');
}

function verdict({ controlPlane, until }: Scene, wanted: ConnectorHealth['verdict']): Promise<ConnectorHealth> {
  return until(`the control plane says ${wanted}`, async () => {
    const health = await controlPlane.health();
    return health?.verdict === wanted ? health : undefined;
  });
}

function wordsOf({ verdict, reasons: [first] }: ConnectorHealth): string {
  return first === undefined ? verdict : `${verdict}: ${first.reason}: ${first.message}`;
}
