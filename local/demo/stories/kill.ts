import { bothRun, runsSlots, type Story } from '../story.ts';

/** The instance that dies, and the number of its slot. */
const VICTIM = 1;
const SURVIVOR = 0;

/** An instance dies without a word; the other one takes its work over until it is back. */
export const kill: Story = {
  async play(scene) {
    const { agents, books, say, until, pause, now } = scene;
    await bothRun(scene);
    await pause();
    await agents.kill(VICTIM);
    const killed = now();
    say('DONE', `kill -9 of instance ${VICTIM}`);
    const adopted = await until('the slot is adopted', async () => {
      const instances = (await agents.status(SURVIVOR))?.instances;
      return instances?.slots.includes(VICTIM) ? instances : undefined;
    });
    const peer = adopted.peers.find(({ instance }) => instance === VICTIM);
    say(
      'OPERATOR',
      `/status of instance ${SURVIVOR}: runs slots ${adopted.slots.join(' and ')}; instance ${VICTIM} ${peer?.alive ? 'lives' : 'is not heard'}`,
    );
    await until(
      'all routes run',
      async () => runsSlots(await agents.status(SURVIVOR), [SURVIVOR, VICTIM]) || undefined,
    );
    const seconds = ((now() - killed) / 1_000).toFixed(1);
    say(
      'RECOVERS',
      `${seconds} s after the kill instance ${SURVIVOR} has resumed the sessions of slot ${VICTIM}; what was not acknowledged is sent again`,
    );
    await until('nothing waits any more', () => books.missing() < 20 || undefined);
    await pause();
    agents.start(VICTIM);
    say('DONE', `instance ${VICTIM} is started again`);
    await bothRun(scene);
    say('RECOVERS', `instance ${SURVIVOR} finished what was in flight and handed slot ${VICTIM} back`);
    await pause();
  },
};
