import { ALL_INSTANCES } from '../agents.ts';
import { bothRun, remoteFault, type Story, wordsOf } from '../story.ts';

/** The network between the bridge and Event Grid breaks, and comes back. */
export const cut: Story = {
  async play(scene) {
    const { stage, agents, books, say, until, pause } = scene;
    await bothRun(scene);
    await pause();
    stage.network.cut();
    say('DONE', 'the network to the remote broker is cut; machines at the edge and commands in the cloud go on');
    for (const instance of ALL_INSTANCES) {
      const fault = await until('the instances notice', () => remoteFault(agents, instance));
      say('OPERATOR', wordsOf(instance, fault));
    }
    await pause();
    say('OPERATOR', `${books.missing()} messages are under way: each waits at its own broker, unacknowledged`);
    stage.network.mend();
    say('DONE', 'the network is back');
    await bothRun(scene);
    await pause();
    say('RECOVERS', 'both instances resumed their sessions, and the brokers handed on what had waited');
  },
};
