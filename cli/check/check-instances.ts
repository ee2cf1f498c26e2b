import { heartbeatTopic } from '../../shared/heartbeat-topic.ts';
import type { Side } from '../../shared/plan/types.ts';
import type { CheckContext } from './context.ts';
import { aboutTopic, explainFault, type Fault, refusal } from './explain-fault.ts';
import { ended, type Outcome } from './outcome.ts';
import { type ProbeClient, ProbeEndedError } from './probe-client.ts';

/** Whether instances could see each other's heartbeats at the local broker; only `run --instance` needs that. */
export async function checkInstances(side: Side, client: ProbeClient, context: CheckContext): Promise<Outcome> {
  const { connector } = context.document;
  if (side !== 'local' || connector.spec.bridgeInstances < 2) return { findings: [] };
  const subject = { check: 'instances', side } as const;
  const topic = heartbeatTopic(connector.metadata.name, '+');
  const fault = await subscriptionFault(client, topic);
  const details = { topic };
  if (fault === undefined) {
    return ended(subject, 'ok', { message: `Instances may see each other by ${topic}`, details });
  }
  const told = explainFault(fault, { side, context, during: 'subscribe', topic });
  const message = aboutTopic(told.message, topic, `Instances cannot see each other by ${topic}`);
  return ended(subject, 'warning', { ...told, details, message });
}

async function subscriptionFault(client: ProbeClient, topic: string): Promise<Fault | undefined> {
  try {
    const [code = UNSPECIFIED_ERROR] = await client.subscribe([topic], { qos: 0, noLocal: false, retained: false });
    if (code >= UNSPECIFIED_ERROR) return refusal(code);
    await client.unsubscribe([topic]);
    return undefined;
  } catch (error) {
    if (error instanceof ProbeEndedError) return error.fault;
    throw error;
  }
}

/** The lowest reason code of a failure (MQTT5 2.4). */
const UNSPECIFIED_ERROR = 0x80;
