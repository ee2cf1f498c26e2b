import { type Patience, untilEmpty } from './drain.ts';
import type { Logger } from './observe/logger.ts';
import type { Session } from './session/session.ts';

interface Retiring {
  readonly session: Session;
  readonly cancel: AbortController;
  readonly done: Promise<void>;
}

/**
 * Sessions that the plan no longer has. They hand on what their brokers had queued for them, however long their
 * targets are away, and only then end at the broker: a renamed or removed route loses nothing.
 */
export class Retirement {
  readonly #retiring = new Map<string, Retiring>();
  readonly #logger: Logger;
  readonly #now: () => number;
  #cancelled = false;

  constructor(parts: { readonly logger: Logger; readonly now: () => number }) {
    this.#logger = parts.logger;
    this.#now = parts.now;
  }

  get sessions(): readonly Session[] {
    return [...this.#retiring.values()].map(({ session }) => session);
  }

  /**
   * Lets sessions go that belonged together: those that only publish stay until all that read are empty.
   * @param prepare what has to be done before; resolves in the end.
   */
  add(sessions: readonly Session[], prepare?: (patience: Patience) => Promise<unknown>): void {
    const cancel = new AbortController();
    if (this.#cancelled) cancel.abort();
    const patience: Patience = { now: this.#now, signal: cancel.signal };
    const reading = sessions.filter(({ targetOnly }) => !targetOnly);
    const sources = Promise.resolve(prepare?.(patience)).then(() =>
      Promise.all(reading.map((session) => untilEmpty(session, patience))),
    );
    for (const session of sessions) {
      const done = sources.then(() => this.#end(session, patience));
      this.#retiring.set(session.plan.key, { session, cancel, done });
      this.#logger.info({ evt: 'SessionRetiring', side: session.plan.side, clientId: session.plan.clientId });
    }
  }

  /** Takes a session back that the plan wants again; what it had not handed on stays at its broker. */
  async recall(key: string): Promise<void> {
    const retiring = this.#retiring.get(key);
    if (!retiring) return;
    this.#retiring.delete(key);
    retiring.cancel.abort();
    await retiring.done;
    await retiring.session.stop();
  }

  /** Stops waiting, for what is added later too; the sessions are left to the caller. */
  cancel(): void {
    this.#cancelled = true;
    for (const { cancel } of this.#retiring.values()) cancel.abort();
  }

  async #end(session: Session, patience: Patience): Promise<void> {
    if (session.targetOnly) await untilEmpty(session, patience);
    if (patience.signal.aborted) return;
    this.#retiring.delete(session.plan.key);
    await session.erase();
    this.#logger.info({ evt: 'SessionEnded', side: session.plan.side, clientId: session.plan.clientId });
  }
}
