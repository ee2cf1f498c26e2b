import type { MonotonicClock } from '../../shared/monotonic-clock.ts';
import type { ReflectorLogger } from '../../kubernetes/reflector.ts';

/** A logger for several reflectors. */
export interface JointLog extends ReflectorLogger {
  /** Says at once what is held back. */
  readonly flush: () => void;
}

type Line = Parameters<ReflectorLogger['warn']>;

/** A server that is away, or does not know us, fails all watches at about the same time. */
const GATHER_MS = 1000;

/** Makes one line of warnings that several reflectors have for the same reason. */
export function createJointLog(clock: MonotonicClock, logger: ReflectorLogger): JointLog {
  const held = new Map<string, Line[]>();
  let cancel: (() => void) | undefined;

  function flush(): void {
    cancel?.();
    cancel = undefined;
    const groups = [...held.values()];
    held.clear();
    for (const lines of groups) say(logger, lines);
  }
  return {
    info(...line) {
      // What was apart before it is followed again is said before.
      flush();
      logger.info(...line);
    },
    warn(...line) {
      const [{ evt, namespace, reason, error }] = line;
      const key = JSON.stringify([evt, namespace, reason, error]);
      held.set(key, [...(held.get(key) ?? []), line]);
      cancel ??= clock.after(GATHER_MS, flush);
    },
    flush,
  };
}

function say(logger: ReflectorLogger, lines: readonly Line[]): void {
  const [first] = lines;
  if (first === undefined) return;
  if (lines.length === 1) return logger.warn(...first);
  const [{ evt, namespace, reason, error }] = first;
  const kinds = [...new Set(lines.map(([{ kind }]) => String(kind)))];
  logger.warn(
    { evt, kinds, namespace, reason, error },
    `${kinds.join(', ')} are not followed, so what is known may be old: ${String(error)}`,
  );
}
