import type { AgentSnapshot, SessionSnapshot } from '../../../agent/observe/snapshot.ts';
import { remoteOf } from '../lines.ts';
import { bothRun, remoteFault, type Scene, type Story, wordsOf } from '../story.ts';

/** Seconds a token lives: half of it is left for attempts that fail. */
const TOKEN_SECONDS = 10;
/** The instance that the story follows; the other one fares alike. */
const FOLLOWED = 0;

/** The metadata service gives no tokens: for a short while, and then for longer than a token lives. */
export const token: Story = {
  stage: { tokenSeconds: TOKEN_SECONDS },
  async play(scene) {
    await bothRun(scene);
    await shortOutage(scene);
    await longOutage(scene);
  },
};

async function shortOutage(scene: Scene): Promise<void> {
  const { stage, say, pause } = scene;
  const connection = await look(scene, 'a connection', (status) => remoteOf(status)[0]);
  const first = await look(scene, 'a token', expiryOf);
  stage.identity.setFault({ kind: 'status', status: 500 });
  say('DONE', `tokens live ${TOKEN_SECONDS} s here; the metadata service now answers every request with 500`);
  const words = await look(scene, 'a renewal fails', (status) => remoteToken(status)?.rejected);
  say('OPERATOR', `/status of instance ${FOLLOWED}: ${words}`);
  say('OPERATOR', 'the token in use is good for some more seconds, and so messages go on');
  stage.identity.setFault(undefined);
  say('DONE', 'the metadata service is well again');
  await look(scene, 'a newer token', (status) => (expiryOf(status) ?? 0) > first || undefined);
  const now = await look(scene, 'a connection', (status) => remoteOf(status)[0]);
  say('RECOVERS', `a new token was shown on the live connection (AUTH); ${reconnects(connection, now)}`);
  await pause();
}

async function longOutage(scene: Scene): Promise<void> {
  const { stage, agents, books, say, until, pause } = scene;
  stage.identity.setFault({ kind: 'status', status: 500 });
  say('DONE', 'the metadata service fails again, this time until the tokens have ended');
  const end = await until('the connection ends', () => remoteFault(agents, FOLLOWED));
  say('OPERATOR', wordsOf(FOLLOWED, end));
  if (end.reasonCode !== undefined) {
    // That was the broker's word; the next attempt does not get as far as the broker.
    const next = await until('an attempt without a token', async () => {
      const fault = await remoteFault(agents, FOLLOWED);
      return fault?.reasonCode === undefined ? fault : undefined;
    });
    say('OPERATOR', wordsOf(FOLLOWED, next));
  }
  await pause();
  say('OPERATOR', `${books.missing()} messages are under way: each waits at its own broker, unacknowledged`);
  stage.identity.setFault(undefined);
  say('DONE', 'the metadata service is well again');
  await bothRun(scene);
  say('RECOVERS', 'both instances connected with new tokens and resumed their sessions');
}

/** What the followed instance says, once it says it. */
function look<T>({ agents, until }: Scene, what: string, of: (status: AgentSnapshot) => T | undefined): Promise<T> {
  return until(what, async () => {
    const status = await agents.status(FOLLOWED);
    return status && of(status);
  });
}

function remoteToken({ tokens }: AgentSnapshot): AgentSnapshot['tokens'][number] | undefined {
  return tokens.find(({ side }) => side === 'remote');
}

/** Seconds since 1970. */
function expiryOf(status: AgentSnapshot): number | undefined {
  return remoteToken(status)?.expiresAt;
}

function reconnects(before: SessionSnapshot, after: SessionSnapshot): string {
  const count = after.epoch - before.epoch;
  return count === 0 ? 'the connection is the same' : `connected anew ${count} times`;
}
