import type { LanePlan, Side } from '../../shared/plan/types.ts';
import { sourceSide } from '../../shared/topic/loops.ts';
import { type CheckContext, isEventGrid } from './context.ts';
import { finding, type Outcome, type Statement } from './outcome.ts';
import { type ProbeClient, ProbeEndedError } from './probe-client.ts';

/** What is known of the queue that a source broker keeps for one client. */
export type SourceQueue =
  | { readonly kind: 'told'; readonly messages: number }
  | { readonly kind: 'eventgrid' }
  | { readonly kind: 'mosquitto'; readonly version: string; readonly dropped: number | undefined }
  | { readonly kind: 'unknown' };

const MOSQUITTO_VERSION = '$SYS/broker/version';
const MOSQUITTO_DROPPED = '$SYS/broker/publish/messages/dropped';
/** Mosquitto's default of max_queued_messages. */
const MOSQUITTO_QUEUE = 1_000;
const EVENT_GRID_QUEUE = 100;

/** Whether the source broker can hold what waits while the other side is away. */
export async function checkQueue(side: Side, client: ProbeClient, context: CheckContext): Promise<Outcome> {
  const { plan, document } = context;
  const lanes = plan.lanes.filter(({ route }) => sourceSide(route) === side && route.qos > 0);
  if (lanes.length === 0) return { findings: [] };
  const { session } = document.connector.spec;
  const queue = await queueOf(side, client, context);
  const { status, statement } = judgeQueue(queue, {
    window: session.maxInflightMessages,
    expiry: session.expirySeconds,
  });
  return { findings: [finding({ check: 'queue', side }, status, { ...statement, ...aboutRoutes(lanes, statement) })] };
}

function aboutRoutes(lanes: readonly LanePlan[], { details }: Statement) {
  return {
    details: { ...details, routes: [...new Set(lanes.map(({ topicMap, route }) => `${topicMap}/${route.name}`))] },
  };
}

async function queueOf(side: Side, client: ProbeClient, context: CheckContext): Promise<SourceQueue> {
  const { sourceQueue } = context.wishes;
  if (sourceQueue !== undefined) return { kind: 'told', messages: sourceQueue };
  if (isEventGrid(side, context)) return { kind: 'eventgrid' };
  try {
    const found = await client.readRetained([MOSQUITTO_VERSION, MOSQUITTO_DROPPED]);
    const version = found.get(MOSQUITTO_VERSION);
    if (!version?.startsWith('mosquitto')) return { kind: 'unknown' };
    const dropped = Number.parseInt(found.get(MOSQUITTO_DROPPED) ?? '', 10);
    return { kind: 'mosquitto', version, dropped: Number.isNaN(dropped) ? undefined : dropped };
  } catch (error) {
    // A broker may end the connection over $SYS; the queue is then as unknown as before.
    if (error instanceof ProbeEndedError) return { kind: 'unknown' };
    throw error;
  }
}

interface Verdict {
  readonly status: 'ok' | 'warning' | 'skipped';
  readonly statement: Statement;
}

/** What the source's sessions are asked for: messages in flight, and seconds they outlive a connection. */
interface Needs {
  readonly window: number;
  readonly expiry: number;
}

/** Whether a queue is long enough for the window, and what an outage may cost. */
export function judgeQueue(queue: SourceQueue, { window, expiry }: Needs): Verdict {
  if (expiry === 0) {
    return risk({
      message: 'session.expirySeconds is 0, so the source forgets what it has queued at every disconnect',
      advice: 'set session.expirySeconds to the longest outage that must be survived',
    });
  }
  switch (queue.kind) {
    case 'told':
      return judgeTold(queue.messages, window);
    case 'eventgrid':
      return risk({
        message: `Event Grid queues ${EVENT_GRID_QUEUE} messages or 1 MB for a session and then ends it, so an outage of this bridge loses what comes beyond`,
        advice: 'keep the bridge close to Event Grid, and send again from the cloud what must not be missed',
        details: { queueMessages: EVENT_GRID_QUEUE },
      });
    case 'mosquitto':
      return judgeMosquitto(queue);
    case 'unknown':
      return {
        status: 'skipped',
        statement: {
          message: 'How many messages the source broker queues for one client can not be known from here',
          reason: 'NotChecked',
          advice: `look into its configuration, and give --source-queue MESSAGES; the window is ${window}`,
        },
      };
  }
}

function judgeTold(messages: number, window: number): Verdict {
  const details = { queueMessages: messages };
  if (messages >= window) {
    const message = `The source queues ${messages} messages, which holds the window of ${window}; at 10 messages per second an outage may last ${Math.floor(messages / 10)} seconds`;
    return { status: 'ok', statement: { message, details } };
  }
  return risk({
    message: `The source queues ${messages} messages, fewer than the ${window} of session.maxInflightMessages`,
    advice: `let it queue ${window} messages at least, or lower session.maxInflightMessages`,
    details,
  });
}

function judgeMosquitto({ version, dropped }: SourceQueue & { kind: 'mosquitto' }): Verdict {
  const seen = dropped ? `, and has dropped ${dropped} messages already` : '';
  return risk({
    message: `The source is ${version}, which queues ${MOSQUITTO_QUEUE} messages for a client unless its configuration says otherwise${seen}: at 10 messages per second an outage of ${MOSQUITTO_QUEUE / 10} seconds loses none`,
    advice:
      'set max_queued_messages and max_queued_bytes of Mosquitto for the longest outage, and give --source-queue MESSAGES',
    details: { queueMessages: MOSQUITTO_QUEUE, ...(dropped !== undefined && { droppedMessages: dropped }) },
  });
}

function risk(statement: Statement): Verdict {
  return { status: 'warning', statement: { ...statement, reason: 'SourceQueueRisk' } };
}
