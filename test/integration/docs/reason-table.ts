import { publishVerdict } from '../../../agent/forward/refusal.ts';
import { REASON_CODES, type ReasonCode, verdictOf } from '../../../shared/reason-codes.ts';

/** Reason codes that a session can report as its fault: the failures, and a DISCONNECT that gives none. */
const REPORTED = REASON_CODES.filter(({ code }) => code === 0 || code >= 0x80);

/** The table of MQTT reason codes on the operations page, row by row, from the code. */
export function reasonCodeRows(): string[] {
  return REPORTED.map(rowOf);
}

function rowOf(reason: ReasonCode): string {
  const { code, name } = reason;
  const hex = `0x${code.toString(16).toUpperCase().padStart(2, '0')}`;
  const { description, advice } =
    code === 0 ? { description: 'The broker closed the connection and gave no reason.', advice: '' } : reason;
  const cells = [
    `\`${name}\``,
    hex,
    description,
    advice || 'See the log of the broker.',
    paceOf(reason),
    publish(reason),
  ];
  return `| ${cells.join(' | ')} |`;
}

function paceOf({ code, verdicts }: ReasonCode): string {
  const paces = new Set(
    (['connack', 'disconnect', 'suback'] as const).flatMap((packet) =>
      verdicts[packet] === undefined || verdicts[packet] === 'accepted' ? [] : [verdictOf(packet, code)],
    ),
  );
  return paces.size === 0 ? '' : [...paces].join(', ');
}

/** What becomes of a message that is refused with this code; other codes than these do not belong into a PUBACK. */
function publish({ code, verdicts }: ReasonCode): string {
  const verdict = publishVerdict(code);
  if (verdicts.puback === undefined || verdict.kind === 'accepted') return '';
  return verdict.kind === 'transient' ? 'again' : `\`${verdict.reason}\``;
}
