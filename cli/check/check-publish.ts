import type { Side } from '../../shared/plan/types.ts';
import { matchesFilter } from '../../shared/topic/filter.ts';
import { sourceSide, targetSide } from '../../shared/topic/loops.ts';
import { verdictOf } from '../../shared/reason-codes.ts';
import type { CheckContext } from './context.ts';
import { explainFault } from './explain-fault.ts';
import { ended, finding, type Outcome } from './outcome.ts';
import { type ProbeClient, ProbeEndedError } from './probe-client.ts';

/** Whether the bridge may publish where its routes write: only with a topic that its user gave for that. */
export async function checkPublish(side: Side, client: ProbeClient, context: CheckContext): Promise<Outcome> {
  const subject = { check: 'publish', side } as const;
  const { plan, wishes } = context;
  const topic = wishes.probeTopic;
  if (!plan.lanes.some(({ route }) => targetSide(route) === side)) return { findings: [] };
  if (topic === undefined) {
    return ended(subject, 'skipped', {
      message: 'Not checked, since nothing is published without a topic for it',
      reason: 'NotChecked',
      advice: 'give --probe-topic TOPIC; one message is published there',
    });
  }
  const details = { topic };
  try {
    const code = await client.publish(topic, 'mqttbridge check');
    if (verdictOf('puback', code) !== 'accepted') {
      const { message, ...rest } = explainFault({ reason: '', message: '', reasonCode: code });
      return ended(subject, 'error', {
        ...rest,
        details,
        message: `The bridge may not publish to ${topic}: ${message}`,
      });
    }
  } catch (error) {
    if (!(error instanceof ProbeEndedError)) throw error;
    const { message, ...rest } = explainFault(error.fault);
    const said = `The broker ended the connection over a message to ${topic}: ${message}`;
    return ended(subject, 'error', { ...rest, details, message: said });
  }
  const reader = plan.lanes.find(({ route }) => sourceSide(route) === side && matchesFilter(route.source, topic));
  const also = reader === undefined ? '' : `; route ${reader.route.name} reads that topic and passes the message on`;
  return { findings: [finding(subject, 'ok', { message: `The bridge may publish to ${topic}${also}`, details })] };
}
