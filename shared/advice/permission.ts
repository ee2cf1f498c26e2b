import { tokenEnded } from './admission.ts';
import { assignRole, bindPermission } from './commands.ts';
import type { Advice, Permission, Situation } from './situation.ts';

/** Why a broker refuses what a session publishes or subscribes to. */
export function notPermitted(situation: Situation): Advice {
  const ended = tokenEnded(situation);
  if (ended) return ended;
  const { context, host, isEventGrid, authentication } = situation;
  const permission: Permission = context.during === 'publish' ? 'Publisher' : 'Subscriber';
  const what = `${permission === 'Publisher' ? 'publish to' : 'subscribe to'} ${topicOf(situation)}`;
  if (isEventGrid && authentication.kind === 'managedIdentity') {
    return {
      sentence: `Event Grid does not let the identity${context.objectId === undefined ? '' : ` ${context.objectId}`} ${what}: it has no role EventGrid TopicSpaces ${permission} for a topic space with a template for it (a new role takes minutes to work).`,
      fix: assignRole(situation, permission),
    };
  }
  if (isEventGrid) {
    return {
      sentence: `Event Grid does not let this client ${what}: no permission binding gives it a topic space with a template for it (a new binding takes minutes to work).`,
      fix: bindPermission(situation, permission),
    };
  }
  if (authentication.kind === 'kubernetes') {
    return {
      sentence: `${host} does not let this service account ${what}.`,
      fix: 'kubectl edit brokerauthorization AUTHORIZATION --namespace azure-iot-operations',
    };
  }
  return { sentence: `${host} does not let this client ${what}: a rule of its access control list is missing.` };
}

function topicOf({ context }: Situation): string {
  const topic = context.topic === undefined ? 'this topic' : `"${context.topic}"`;
  return context.route === undefined ? topic : `${topic} (route ${context.route})`;
}
