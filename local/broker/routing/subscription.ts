import type { Qos } from '../codec/publish.ts';
import type { Session } from '../session/session.ts';
import type { SharedGroup } from './shared.ts';

/** Retain Handling of a subscription (MQTT5 3.8.3.1): 0 send retained, 1 only for a new subscription, 2 never. */
export type RetainHandling = 0 | 1 | 2;

/** One session's subscription to one filter. */
export interface Subscription {
  readonly session: Session;
  /** As the client sent it, `$share/…` included. */
  readonly filter: string;
  readonly qos: Qos;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: RetainHandling;
  readonly identifier: number | undefined;
  readonly group: SharedGroup | undefined;
}
