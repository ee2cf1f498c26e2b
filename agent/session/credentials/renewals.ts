import { concealed } from './concealed.ts';

/** Data of MQTT 5 enhanced authentication (4.12). It prints as `[secret]`. */
export interface EnhancedLogOn {
  readonly method: string;
  readonly data: Buffer;
}

/** The newest token of a side, and who wants to hear of the next while a connection lasts. */
export interface Renewals {
  readonly current: EnhancedLogOn | undefined;
  /** Whether somebody wants to hear of the next one. */
  readonly followed: boolean;
  /** Takes a token; the answer is the same object as before unless the bytes changed. */
  offer(data: Buffer): EnhancedLogOn;
  /**
   * Calls `renewed` for every token that comes after `used`, at once when one has come already, until the returned
   * function is called.
   */
  follow(used: EnhancedLogOn, renewed: (next: EnhancedLogOn) => void): () => void;
}

/** Watches for new tokens (`begin`, which answers how to end it) only while somebody follows. */
export function createRenewals(method: string, begin: () => () => void): Renewals {
  const followers = new Set<(next: EnhancedLogOn) => void>();
  let current: EnhancedLogOn | undefined;
  let end: (() => void) | undefined;
  return {
    get current() {
      return current;
    },
    get followed() {
      return followers.size > 0;
    },
    offer(data) {
      if (current !== undefined && data.equals(current.data)) return current;
      current = concealed({ method, data });
      for (const renewed of followers) renewed(current);
      return current;
    },
    follow(used, renewed) {
      const follower = (next: EnhancedLogOn) => renewed(next);
      followers.add(follower);
      end ??= begin();
      if (current !== undefined && current !== used) renewed(current);
      return () => {
        followers.delete(follower);
        if (followers.size > 0) return;
        end?.();
        end = undefined;
      };
    },
  };
}
