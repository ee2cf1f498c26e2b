import type { Side } from '../../shared/plan/types.ts';
import { matchesFilter } from '../../shared/topic/filter.ts';
import { sourceSide, targetSide } from '../../shared/topic/loops.ts';
import { verdictOf } from '../../shared/reason-codes.ts';
import type { CheckContext } from './context.ts';
import { aboutTopic, explainFault, type Fault, refusal } from './explain-fault.ts';
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
  const fault = await publishFault(client, topic);
  const details = { topic };
  if (fault !== undefined) {
    const told = explainFault(fault, { side, context, during: 'publish', topic });
    return ended(subject, 'error', {
      ...told,
      details,
      message: aboutTopic(told.message, topic, `The bridge cannot publish to ${topic}`),
    });
  }
  const reader = plan.lanes.find(({ route }) => sourceSide(route) === side && matchesFilter(route.source, topic));
  const also = reader === undefined ? '' : `; route ${reader.route.name} reads that topic and passes the message on`;
  return { findings: [finding(subject, 'ok', { message: `The bridge may publish to ${topic}${also}`, details })] };
}

/** What kept the message from being taken; some brokers end the connection instead of an answer. */
async function publishFault(client: ProbeClient, topic: string): Promise<Fault | undefined> {
  try {
    const code = await client.publish(topic, 'mqttbridge check');
    return verdictOf('puback', code) === 'accepted' ? undefined : refusal(code);
  } catch (error) {
    if (error instanceof ProbeEndedError) return error.fault;
    throw error;
  }
}
