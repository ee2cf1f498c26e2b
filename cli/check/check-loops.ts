import type { Connector } from '../../shared/resources/connector.ts';
import { finding, type Outcome } from './outcome.ts';

/** Whether messages that go round through several bridges come to an end; loops of one connector are a rule, XR008. */
export function checkLoops({ spec }: Connector): Outcome {
  const subject = { check: 'loops' } as const;
  if (spec.protocol === 'v5' && spec.maxHops > 0) {
    const message = `A message that goes round through bridges is dropped after ${spec.maxHops} of them`;
    return { findings: [finding(subject, 'ok', { message })] };
  }
  const why = spec.protocol === 'v3' ? 'MQTT 3.1.1 has no place for a hop count' : 'maxHops is 0';
  const advice = spec.protocol === 'v3' ? 'set protocol: v5 where both brokers speak it' : 'set maxHops: 4';
  const statement = {
    message: `${why}, so nothing ends a loop through another bridge; only the routes of this connector were looked at`,
    advice: `${advice}; otherwise keep the topics of the two directions apart at every bridge`,
    reason: 'HopCountImpossible',
  };
  return { findings: [finding(subject, 'warning', statement)] };
}
