import type { DropReason } from '../forward/counters.ts';
import { publishVerdict } from '../forward/refusal.ts';

/** What the reason code of a DISCONNECT means for what this session had sent. */
export type DisconnectHint =
  | { readonly kind: 'none' }
  /** The broker's rate is lower than ours. */
  | { readonly kind: 'tooFast' }
  /** A message of ours ended the connection, and would again. */
  | { readonly kind: 'blame'; readonly refusal: DropReason };

/** Reasons that speak of a packet of ours (MQTT5 3.14.2.1). */
const BLAMING: ReadonlySet<number> = new Set([0x81, 0x82, 0x87, 0x90, 0x95, 0x99, 0x9a, 0x9b]);
/** Reasons that speak of the rate of our packets. */
const THROTTLING: ReadonlySet<number> = new Set([0x96, 0x97]);

/** Reads a DISCONNECT reason code as a hint. */
export function hintOf(reasonCode: number): DisconnectHint {
  if (THROTTLING.has(reasonCode)) return { kind: 'tooFast' };
  if (!BLAMING.has(reasonCode)) return { kind: 'none' };
  const verdict = publishVerdict(reasonCode);
  return { kind: 'blame', refusal: verdict.kind === 'refused' ? verdict.reason : 'refused' };
}
