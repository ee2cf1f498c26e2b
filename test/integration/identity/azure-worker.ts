import { openAzureIdentity } from '../../../agent/session/credentials/azure-identity.ts';
import { CredentialError } from '../../../agent/session/credentials/credential-error.ts';
import { createIdentityToken } from '../../../agent/session/credentials/identity-token.ts';
import { SYSTEM_WALL_CLOCK } from '../../../agent/session/credentials/wall-clock.ts';
import type { Question, Reply } from './azure-process.ts';

// A process of its own: the identity library keeps where tokens come from, and the tokens, for as long as the process lives.
process.on('message', (question: Question) => void answer(question).then((reply) => process.send?.(reply)));

async function answer({ audience, federation }: Question): Promise<Reply> {
  const token = createIdentityToken({
    identity: { audience, federated: federation !== undefined },
    open: () => openAzureIdentity(federation),
    clock: SYSTEM_WALL_CLOCK,
    random: Math.random,
    onRenewalFailed: () => undefined,
  });
  try {
    const { enhanced } = await token.load();
    return { token: String(enhanced?.data), expiresAt: token.token()?.expiresAt };
  } catch (error) {
    if (error instanceof CredentialError) return { reason: error.reason, message: error.message };
    return { reason: 'Unexpected', message: String(error) };
  }
}
