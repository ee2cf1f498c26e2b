import { bothRun, type Story } from '../story.ts';

/** The instance that dies. */
const VICTIM = 1;

/** An instance dies without a word, and is started again. */
export const kill: Story = {
  async play(scene) {
    const { agents, books, say, pause } = scene;
    await bothRun(scene);
    await pause();
    await agents.kill(VICTIM);
    say('DONE', `kill -9 of instance ${VICTIM}`);
    await pause();
    say(
      'OPERATOR',
      `${books.missing()} messages are under way; what instance ${VICTIM} had not acknowledged waits at its brokers`,
    );
    agents.start(VICTIM);
    say('DONE', `instance ${VICTIM} is started again`);
    await bothRun(scene);
    await pause();
    say('RECOVERS', `instance ${VICTIM} resumed its sessions, and the brokers sent again what was not acknowledged`);
  },
};
