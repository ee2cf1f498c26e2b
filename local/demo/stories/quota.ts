import { ALL_INSTANCES } from '../agents.ts';
import { INSTANCES } from '../resources.ts';
import { bothRun, remoteFault, type Story, wordsOf } from '../story.ts';

/** Event Grid allows fewer sessions than there are instances, until somebody raises the limit. */
export const quota: Story = {
  stage: { limits: { maximumClientSessionsPerAuthenticationName: 1 } },
  async play(scene) {
    const { stage, agents, say, until, pause } = scene;
    say('DONE', `the namespace allows 1 session per authentication name; ${INSTANCES} instances share one identity`);
    const refused = await until('an instance is refused', async () => {
      for (const instance of ALL_INSTANCES) {
        const fault = await remoteFault(agents, instance);
        if (fault?.reasonCode === 0x97) return { instance, fault };
      }
      return undefined;
    });
    say('OPERATOR', wordsOf(refused.instance, refused.fault));
    await pause();
    const other = ALL_INSTANCES.find((instance) => instance !== refused.instance);
    say(
      'OPERATOR',
      `instance ${other} goes on with its routes; what instance ${refused.instance} is to forward waits at its broker`,
    );
    stage.brokers.remote.adjust({ maximumClientSessionsPerAuthenticationName: INSTANCES });
    say('DONE', `"Maximum client sessions per authentication name" raised to ${INSTANCES}, nothing restarted`);
    await bothRun(scene);
    say('RECOVERS', `instance ${refused.instance} was let in at its next attempt, and all routes run`);
    await pause();
  },
};
