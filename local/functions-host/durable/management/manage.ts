import type { ManagementAddress, ManagementRequest, ManagementResponse } from '../../ports.ts';
import type { Hub } from '../hub.ts';
import { BadRequest, problem } from './answers.ts';
import type { Call } from './call.ts';
import { deleteEntity, listEntities, readEntity, signalEntity } from './entities.ts';
import { commandInstance, raiseEvent, refuseRewind, restartInstance } from './commands.ts';
import { listInstances, purgeInstance, purgeInstances, readInstance } from './instances.ts';
import { createStarter } from './start.ts';

/** Answers one kind of request. */
type Answer = (call: Call) => ManagementResponse | Promise<ManagementResponse>;

/** The management API of a task hub. */
export interface Management {
  manage(request: ManagementRequest, address: ManagementAddress): Promise<ManagementResponse>;
  /** An instance has ended: whoever waits for it is answered. */
  ended(instance: string): void;
  /** Answers whoever still waits. */
  stop(): void;
}

/** Makes the management API. */
export function createManagement(hub: Hub): Management {
  const starter = createStarter();
  // `*` is a variable segment; more exact patterns come first.
  const routes: readonly [pattern: string, methods: Readonly<Record<string, Answer>>][] = [
    ['orchestrators/*', { POST: starter.start }],
    ['orchestrators/*/*', { POST: starter.start }],
    ['instances', { GET: listInstances, DELETE: purgeInstances }],
    ['instances/*', { GET: readInstance, DELETE: purgeInstance }],
    ['instances/*/raiseEvent/*', { POST: raiseEvent }],
    ['instances/*/terminate', { POST: commandInstance('terminate') }],
    ['instances/*/suspend', { POST: commandInstance('suspend') }],
    ['instances/*/resume', { POST: commandInstance('resume') }],
    ['instances/*/rewind', { POST: refuseRewind }],
    ['instances/*/restart', { POST: restartInstance }],
    ['entities', { GET: listEntities }],
    ['entities/*', { GET: listEntities }],
    ['entities/*/*', { GET: readEntity, POST: signalEntity, DELETE: deleteEntity }],
  ];
  return {
    async manage(request, address) {
      try {
        const segments = segmentsOf(request.path);
        const route = routes.find(([pattern]) => matches(pattern.split('/'), segments));
        if (route === undefined) return problem(404, `There is nothing at ${request.path}.`);
        const [pattern, methods] = route;
        const answer = methods[request.method.toUpperCase()];
        if (answer === undefined) return notAllowed(Object.keys(methods));
        const parts = pattern.split('/');
        return await answer({ hub, request, address, values: segments.filter((_, index) => parts[index] === '*') });
      } catch (error) {
        if (error instanceof BadRequest) return problem(400, error.message);
        throw error;
      }
    },
    ended: starter.ended,
    stop: starter.stop,
  };
}

function segmentsOf(path: string): string[] {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => decodeURIComponent(segment));
  } catch {
    throw new BadRequest('The path is not well encoded.');
  }
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((part, index) => part === '*' || part.toLowerCase() === segments[index]?.toLowerCase());
}

function notAllowed(methods: readonly string[]): ManagementResponse {
  const refusal = problem(405, `Only ${methods.join(', ')} can be done here.`);
  return { ...refusal, headers: { ...refusal.headers, Allow: methods.join(', ') } };
}
