import { eventGrid2026 } from '../../emulator/profiles.ts';
import { ALL_INSTANCES } from '../agents.ts';
import { remoteOf } from '../lines.ts';
import { bothRun, type Scene, type Story } from '../story.ts';

/** Below what the sample traffic needs of one session. */
const FEW_PER_SECOND = 12;

/** Event Grid takes messages more slowly than they come, for a while. */
export const throttle: Story = {
  async play(scene) {
    const { stage, books, say, until, pause } = scene;
    await bothRun(scene);
    await pause();
    const full = await fullRate(scene);
    stage.brokers.remote.adjust({ inboundMessagesPerSecond: FEW_PER_SECOND });
    say('DONE', `the remote broker takes ${FEW_PER_SECOND} messages/s of each session; more get PUBACK 0x97`);
    const slowed = await until('a session is slowed', async () => {
      const rates = await ratesOf(scene);
      return rates.find(({ rate }) => rate.throttled > 0 && rate.allowedMessages < full);
    });
    say('OPERATOR', `${rateWords(slowed)}; ${slowed.rate.throttled} were refused as too fast`);
    await until('messages wait', () => books.missing() >= 20 || undefined);
    say(
      'OPERATOR',
      `${books.missing()} messages are under way; refused ones are kept and sent again, the rest waits at its broker`,
    );
    stage.brokers.remote.adjust({ inboundMessagesPerSecond: eventGrid2026.inboundMessagesPerSecond });
    say('DONE', `the remote broker takes ${eventGrid2026.inboundMessagesPerSecond} messages/s again`);
    const faster = await until('a session has recovered', async () => {
      const rates = await ratesOf(scene);
      const now = rates.find(({ instance }) => instance === slowed.instance);
      return now !== undefined && now.rate.allowedMessages > 2 * FEW_PER_SECOND && books.missing() < 20
        ? now
        : undefined;
    });
    say('OPERATOR', rateWords(faster));
    say('RECOVERS', 'the sessions held the rate that worked, then tried more; what had waited was sent');
  },
};

async function ratesOf({ agents }: Scene) {
  const statuses = await Promise.all(ALL_INSTANCES.map((instance) => agents.status(instance)));
  return statuses.flatMap((status, instance) => {
    const rate = status && remoteOf(status)[0]?.publishRate;
    return rate === undefined ? [] : [{ instance, rate }];
  });
}

async function fullRate(scene: Scene): Promise<number> {
  const [first] = await ratesOf(scene);
  return first?.rate.allowedMessages ?? 0;
}

function rateWords({ instance, rate }: Awaited<ReturnType<typeof ratesOf>>[number]): string {
  return `/status of instance ${instance}: allows itself ${rate.allowedMessages} messages/s`;
}
