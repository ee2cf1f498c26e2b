import type { DropReason } from './counters.ts';

/** What the reason code of a PUBACK, PUBREC or PUBCOMP means for the message (MQTT5 3.4.2.1). */
export type PublishVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'transient' }
  | { readonly kind: 'refused'; readonly reason: DropReason };

const ACCEPTED: PublishVerdict = { kind: 'accepted' };
const TRANSIENT: PublishVerdict = { kind: 'transient' };

/** 0x80, 0x83, 0x91 and 0x97 may pass next time; 0x10 means there was just nobody to receive it. */
export function publishVerdict(reasonCode: number): PublishVerdict {
  if (reasonCode < 0x80) return ACCEPTED;
  switch (reasonCode) {
    case 0x80:
    case 0x83:
    case 0x91:
    case 0x97:
      return TRANSIENT;
    case 0x87:
      return { kind: 'refused', reason: 'not_authorized' };
    case 0x90:
      return { kind: 'refused', reason: 'topic_refused' };
    case 0x95:
      return { kind: 'refused', reason: 'too_large' };
    case 0x99:
      return { kind: 'refused', reason: 'payload_refused' };
    default:
      return { kind: 'refused', reason: 'refused' };
  }
}

const CODES: Readonly<Partial<Record<DropReason, number>>> = {
  not_authorized: 0x87,
  topic_refused: 0x90,
  too_large: 0x95,
  payload_refused: 0x99,
};

/** The reason code that stands for a reason to give a message up, where one does. */
export function reasonCodeOf(reason: DropReason): number | undefined {
  return CODES[reason];
}
