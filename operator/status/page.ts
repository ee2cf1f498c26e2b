import type { GeneratedFile } from '../../shared/schema/generated.ts';
import { tableRow } from '../../shared/schema/tables.ts';
import { CONNECTOR_CONDITIONS, TOPIC_MAP_CONDITIONS, TROUBLE_CONDITIONS } from './condition-types.ts';
import { LEVELS } from './level.ts';
import { PASSING, STATUS_REASONS } from './reasons.ts';

/** The page that says what the status of both kinds means. */
export function statusReferenceFile(): GeneratedFile {
  const reasons = Object.entries(STATUS_REASONS).map(([reason, { meaning, fix }]) => [reason, meaning, fix]);
  const text = [
    INTRODUCTION,
    section('Levels', LEVEL_TEXT, table(['`configStatusLevel`', 'When'], Object.entries(LEVELS))),
    section('Conditions of a connector', '', table(['Condition', 'True when'], Object.entries(CONNECTOR_CONDITIONS))),
    section('', TROUBLE_TEXT, table(['Condition', 'True when'], Object.entries(TROUBLE_CONDITIONS))),
    section('Conditions of a topic map', '', table(['Condition', 'True when'], Object.entries(TOPIC_MAP_CONDITIONS))),
    section('Reasons', REASON_TEXT, table(['Reason', 'What is so', 'What to do'], reasons)),
    EVENT_TEXT,
  ].join('\n');
  return { path: 'docs/reference/status.md', text };
}

function section(title: string, text: string, lines: readonly string[]): string {
  const head = title === '' ? [] : [`## ${title}`, ''];
  return [...head, ...(text === '' ? [] : [text, '']), ...lines, ''].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const marked = rows.map(([name = '', ...rest]) => tableRow([`\`${name}\``, ...rest]));
  return [tableRow(head), `|${'---|'.repeat(head.length)}`, ...marked];
}

const INTRODUCTION = `# Status of the two kinds on a cluster

Generated from \`operator/status/\` by \`node cli/generate/main.ts\`; a test compares it with the source.

Agents write what they know of themselves to \`status.instances\`, the operator puts it together with what it knows itself
([ADR 24](../adr/0024-status.md)). Every quick start ends with

\`\`\`sh
kubectl wait --for=condition=Ready mqttbridgeconnector/my-mqtt-bridge --timeout=60s
\`\`\`

which also waits for the operator to have seen the newest generation. Where it ends in vain, the reason is in the column REASON of
\`kubectl get mbc,mbtm -o wide\` and in a sentence in \`kubectl describe\`.

Every condition is True, False or Unknown. Unknown means that nobody who would know has said anything yet: an instance has not
reported, reported for an older connector, or calls itself ready while its pod is not. Of instances that were not ready already, the last entry counts
until their pods return. \`lastTransitionTime\` is when the status last changed, not the reason.

\`routes.ready\` counts the routes that pass messages in every instance that runs a part of them, \`backlog\` is the sum of
what the wanted instances last said.
`;

const LEVEL_TEXT = `For the tools of the original product, which read \`configStatusLevel\` and \`configStatusDescription\` only. They show Error
and Failed as errors, Starting, Recovering, warn and N/A as warnings. The first line that fits:`;

const TROUBLE_TEXT = 'These are there only while they are True:';

const REASON_TEXT = `Other reasons come from agents, under the same conditions: those of [Reasons](../operations.md#reasons), and \`NotStarted\`, \`Spare\` and
\`Stopping\`. The message names rules with their paths, topic maps, Secrets, ConfigMaps, routes and instances: the first few, and how many more.`;

const EVENT_TEXT = `## Events

An Event is written when a condition turns True or False, or one of those that are there only while True comes or goes. None is written for Unknown, for what
ends by itself (${PASSING.map((reason) => `\`${reason}\``).join(', ')}), for \`InstancesNotReady\` of pods that start, also when more of them are wanted
than before, or of topic maps, since the pods are the connector's, or twice for one fault that turns several conditions. Its reason
is that of the condition when something is wrong, and the condition's type when it is well again.
`;
