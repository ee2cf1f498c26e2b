import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Federation } from '../../../agent/session/credentials/azure-identity.ts';
import type { Scope } from '../../support/scope.ts';

/** What a process is asked to get. */
export interface Question {
  readonly audience: string;
  readonly federation?: Federation;
}

/** The token, or why there is none. */
export interface Reply {
  readonly token?: string;
  readonly expiresAt?: number | undefined;
  readonly reason?: string;
  readonly message?: string;
}

/** Starts a process that gets tokens by the identity library in an environment of its own; it ends with the scope. */
export function startAzureProcess(
  scope: Scope,
  env: Readonly<Record<string, string>>,
): (question: Question) => Promise<Reply> {
  const child = fork(join(import.meta.dirname, 'azure-worker.ts'), { env, execArgv: [] });
  const exited = once(child, 'exit');
  scope.onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return async (question) => {
    const reply = once(child, 'message');
    child.send(question);
    const ended = exited.then(() => Promise.reject(new Error('the process ended')));
    const [first] = (await Promise.race([reply, ended])) as [Reply];
    return first;
  };
}
