import { z } from 'zod';
import { filterFault, hasWildcard } from '../topic/filter.ts';
import { parseTarget } from '../topic/mapping.ts';
import { topicNameFault } from '../topic/name.ts';
import { envelope, objectName } from './metadata.ts';

const ROUTE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

const sourceSchema = z.string().superRefine((text, context) => {
  if (text.startsWith('$share'))
    return report(context, 'TM006', 'a source must not be written as a shared subscription');
  const fault = filterFault(text);
  if (fault !== undefined) report(context, 'TM005', `"${text}" is not a topic filter: ${fault}`);
});

const excludeSchema = z.string().superRefine((text, context) => {
  const fault = text.startsWith('$share') ? 'it must not be a shared subscription' : filterFault(text);
  if (fault !== undefined) report(context, 'TM012', `"${text}" is not a topic filter: ${fault}`);
});

const targetSchema = z.string().superRefine((text, context) => {
  if (hasWildcard(text)) {
    const plain = text
      .split('/')
      .filter((level) => !hasWildcard(level))
      .join('/');
    const advice = plain === '' ? undefined : `leave target out to keep the source topic, or use "${plain}"`;
    return report(context, 'TM004', `wildcards are not allowed in a target topic ("${text}")`, advice);
  }
  const parsed = parseTarget(text);
  if (!parsed.ok) return report(context, 'TM008', parsed.fault);
  const fault = topicNameFault(text);
  if (fault !== undefined) report(context, 'TM010', `the target is not a topic name: ${fault}`);
});

const deadLetterSchema = z.string().superRefine((text, context) => {
  const fault = text.includes('${') ? 'it takes no templates' : topicNameFault(text);
  if (fault !== undefined) report(context, 'TM015', `"${text}" is not a topic name: ${fault}`);
});

const groupNameSchema = z.string().superRefine((text, context) => {
  if (text === '' || /[/+#\0]/.test(text) || !text.isWellFormed()) {
    report(context, 'TM007', `"${text}" is not a share group: it must be text without "/", "+" and "#"`);
  }
});

const sharedSubscriptionSchema = z
  .strictObject({
    groupMinimumShareNumber: z.int().min(0).max(255).meta({
      description: 'Number of clients that share the source, whatever the number of instances.',
    }),
    groupName: groupNameSchema.meta({
      description: 'Share group; the agent subscribes to $share/{groupName}/{source}.',
    }),
  })
  .optional()
  .meta({ description: 'Read the source with several clients, each message going to one of them (MQTT 5).' });

const routeSchema = z
  .strictObject({
    direction: z
      .enum(['local-to-remote', 'remote-to-local'])
      .meta({ description: 'Which broker is read and which is written.' }),
    name: z
      .string()
      .regex(
        ROUTE_NAME,
        'must be 1 to 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
      )
      .meta({ description: 'Name of the route, unique in its connector; part of the client ID.' }),
    qos: z.literal([0, 1, 2]).default(1).meta({ description: 'Highest quality of service of the route.' }),
    source: sourceSchema.meta({ description: 'Topic filter to read; may contain + and #.' }),
    target: targetSchema.optional().meta({
      description:
        'Topic to write, without wildcards; may contain ${inputTopic} and ${inputTopic.N} (level N of the source topic, from 1). Default: the topic of the message.',
    }),
    excludes: z
      .array(excludeSchema)
      .max(100)
      .default([])
      .meta({ description: 'Topic filters whose messages the route leaves out.' }),
    retain: z.enum(['Keep', 'Never']).default('Keep').meta({
      description: 'Keep the retain flag of a message where the target allows it, or never set it.',
    }),
    onReject: z.enum(['drop', 'deadLetter', 'block']).default('drop').meta({
      description:
        'What happens to a message that the target refuses for good: drop it, publish it to the dead-letter topic, or stop the route.',
    }),
    deadLetterTopic: deadLetterSchema.optional().meta({
      description:
        'Where refused messages go on the source broker; the original topic is appended. Default: mqttbridge/{connector}/dead-letter/{route}.',
    }),
    sharedSubscription: sharedSubscriptionSchema,
  })
  .meta({ description: 'One flow of messages in one direction.' });

/** MqttBridgeTopicMap: routes of one connector. Strict; defaults are applied by parsing. */
export const topicMapSchema = z
  .strictObject({
    ...envelope('MqttBridgeTopicMap'),
    spec: z
      .strictObject({
        mqttBridgeConnectorRef: objectName().meta({ description: 'Name of the connector, in the same namespace.' }),
        routes: z
          .array(routeSchema)
          .max(10_000)
          .default([])
          .meta({ description: 'The routes. The original documentation requires the field.' }),
      })
      .meta({ description: 'The connector and the routes.' }),
  })
  .meta({ title: 'MqttBridgeTopicMap', description: 'Routes between the two brokers of a connector.' });

/** A topic map with defaults applied. */
export type TopicMap = z.output<typeof topicMapSchema>;
/** A route with defaults applied. */
export type Route = z.output<typeof routeSchema>;
/** A route as its author writes it. */
export type RouteInput = z.input<typeof routeSchema>;

/** Topic under which refused messages of a route go, without the original topic behind it; default resolved. */
export function deadLetterTopicOf(connector: string, route: Pick<Route, 'name' | 'deadLetterTopic'>): string {
  return route.deadLetterTopic ?? `mqttbridge/${connector}/dead-letter/${route.name}`;
}

function report(context: z.RefinementCtx, rule: string, message: string, advice?: string): void {
  context.addIssue({ code: 'custom', message, params: { rule, advice } });
}
