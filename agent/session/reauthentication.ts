import type { Credentials } from './credentials/credentials.ts';
import type { EnhancedLogOn } from './credentials/renewals.ts';
import type { Control } from './mqtt-client.ts';

/** What keeps the authentication of one connection fresh. */
export interface ReauthenticationParts {
  readonly credentials: Pick<Credentials, 'follow'>;
  /** What CONNECT carried. */
  readonly used: EnhancedLogOn;
  readonly control: Pick<Control, 'reauthenticate'>;
  /** Milliseconds the broker may take to answer. */
  readonly timeoutMs: number;
  /** True while its answer may have come unread: the silence is ours. */
  readonly excused: () => boolean;
  /** The broker accepted a new token. */
  readonly renewed: () => void;
  /** It did not answer; nothing is sent after that. */
  readonly failed: (detail: string) => void;
}

/** The renewing of tokens on one connection. */
export interface Reauthentication {
  /** A token is sent and not answered: when the connection ends now, this may be why. */
  readonly pending: boolean;
  end(): void;
}

/**
 * Sends every new token on the live connection, while other traffic goes on under the earlier one (MQTT5 4.12.1): one at
 * a time, and of several that came meanwhile only the newest. A broker that refuses ends the connection itself.
 */
export function keepAuthenticated(parts: ReauthenticationParts): Reauthentication {
  const { credentials, used, control, timeoutMs, excused, renewed, failed } = parts;
  let sent = used;
  let newest = used;
  let patience: NodeJS.Timeout | undefined;
  let over = false;

  function send(): void {
    if (over || patience !== undefined || newest === sent) return;
    sent = newest;
    expectAnswer();
    control.reauthenticate(sent).then(accepted, () => undefined);
  }

  function expectAnswer(): void {
    patience = setTimeout(() => {
      if (excused()) return expectAnswer();
      end();
      failed(`no answer within ${timeoutMs / 1000} s`);
    }, timeoutMs);
  }

  function accepted(): void {
    if (over) return;
    clearTimeout(patience);
    patience = undefined;
    renewed();
    send();
  }

  const unfollow = credentials.follow(used, (next) => {
    newest = next;
    send();
  });

  function end(): void {
    over = true;
    clearTimeout(patience);
    unfollow();
  }
  return {
    get pending() {
      return patience !== undefined;
    },
    end,
  };
}
