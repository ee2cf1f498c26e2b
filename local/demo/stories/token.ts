import type { AgentSnapshot } from '../../../agent/observe/snapshot.ts';
import { remoteOf } from '../lines.ts';
import { bothRun, type Story } from '../story.ts';

/** Seconds a token lives: half of it is left for attempts that fail. */
const TOKEN_SECONDS = 12;
/** The instance that the story follows; the other one fares alike. */
const FOLLOWED = 0;

/** The metadata service gives no tokens when they have to be renewed, and then does again. */
export const token: Story = {
  stage: { tokenSeconds: TOKEN_SECONDS },
  async play(scene) {
    const { stage, agents, say, until, pause } = scene;
    const look = <T>(what: string, of: (status: AgentSnapshot) => T | undefined): Promise<T> =>
      until(what, async () => {
        const status = await agents.status(FOLLOWED);
        return status && of(status);
      });
    await bothRun(scene);
    const connection = await look('a connection', connectionOf);
    const first = await look('a token', expiryOf);
    stage.identity.setFault({ kind: 'status', status: 500 });
    say('DONE', `tokens live ${TOKEN_SECONDS} s here; the metadata service now answers every request with 500`);
    const words = await look('a renewal fails', ({ tokens }) => tokens.find(({ side }) => side === 'remote')?.rejected);
    say('OPERATOR', `/status of instance ${FOLLOWED}: ${words}`);
    say('OPERATOR', 'the token in use is good for some more seconds, and so messages go on');
    stage.identity.setFault(undefined);
    say('DONE', 'the metadata service is well again');
    await look('a newer token', (status) => (expiryOf(status) ?? 0) > first || undefined);
    const now = await look('a connection', connectionOf);
    say('RECOVERS', `a new token was shown on the live connection (AUTH); ${reconnects(now - connection)}`);
    await pause();
  },
};

/** Number of the connection to the remote broker. */
function connectionOf(status: AgentSnapshot): number | undefined {
  return remoteOf(status)[0]?.epoch;
}

/** Seconds since 1970. */
function expiryOf({ tokens }: AgentSnapshot): number | undefined {
  return tokens.find(({ side }) => side === 'remote')?.expiresAt;
}

function reconnects(count: number): string {
  return count === 0 ? 'the connection is the same' : `connected anew ${count} times`;
}
