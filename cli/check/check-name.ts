import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { faultOf } from '../../agent/session/wire/fault.ts';
import type { Side } from '../../shared/plan/types.ts';
import type { CheckContext } from './context.ts';
import { explainFault } from './explain-fault.ts';
import { ended, type Outcome, passed } from './outcome.ts';
import { inTime } from './in-time.ts';

/** Whether the host has an address. */
export async function checkName(side: Side, context: CheckContext): Promise<Outcome<readonly string[]>> {
  const spec = context.specs[side];
  const subject = { check: 'dns', side } as const;
  if (isIP(spec.host) !== 0) {
    return passed(subject, [spec.host], { message: `The host ${spec.host} is an address and needs no resolution` });
  }
  try {
    const found = await inTime(lookup(spec.host, { all: true }), context.stepTimeoutMs);
    const addresses = found.map(({ address }) => address);
    const message = `The host ${spec.host} resolves to ${addresses[0]}${addresses.length > 1 ? ` and ${addresses.length - 1} more` : ''}`;
    return passed(subject, addresses, { message, details: { addresses } });
  } catch (error) {
    const fault = faultOf(error, spec, { stage: 'connecting', receivedAny: false });
    return ended(subject, 'error', explainFault(fault, { side, context }));
  }
}
