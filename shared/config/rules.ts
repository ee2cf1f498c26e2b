import type { Severity } from '../problem.ts';

/** One rule of the validation: what it is about and what to do, for messages and for the documentation. */
export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly advice: string;
}

const rule = (id: string, severity: Severity, title: string, advice: string): [string, Rule] => [
  id,
  { id, severity, title, advice },
];

const TEXT = [
  rule('YA001', 'error', 'The text is not YAML or JSON', 'correct the text at this place'),
  rule(
    'YA002',
    'error',
    'The files are too large or hold too many documents',
    'split the files; at most 1 MiB and 400,000 words and marks each, and 1,000 documents in all',
  ),
  rule('YA003', 'error', 'A key is written twice', 'keep one of the two'),
  rule('YA004', 'error', 'Aliases expand too far', 'write the values out instead of using anchors'),
  rule('YA005', 'error', 'A YAML tag is not allowed', 'remove the tag'),
  rule(
    'YA006',
    'error',
    'The document is nested too deeply',
    'no field of the two resources is nested this deeply; check the indentation',
  ),
  rule('YA007', 'error', 'A key is not allowed', 'remove the key'),
  rule(
    'YA008',
    'warning',
    'YAML 1.1 and YAML 1.2 read this value differently',
    'put the value in quotes, or write true or false, or a number without leading zeros',
  ),
  rule('YA009', 'error', 'The document is not a resource', 'begin it with apiVersion, kind and metadata'),
  rule('YA010', 'warning', 'The kind is none of ours and is ignored', 'move other resources to other files'),
  rule(
    'YA011',
    'error',
    'The kind or API version is not known',
    'write apiVersion: mq.iotoperations.azure.com/v1beta1 and kind: MqttBridgeConnector or MqttBridgeTopicMap',
  ),
] as const;

const CONNECTOR = [
  rule('BC001', 'error', 'A required field of the connector is missing', 'add the field'),
  rule('BC002', 'error', 'A field of the connector is not known', 'remove the field'),
  rule(
    'BC003',
    'error',
    'A value in the connector has the wrong type or range',
    'see docs/reference/fields.md for the allowed values',
  ),
  rule('BC004', 'error', 'Not exactly one authentication method', 'keep exactly one method'),
  rule(
    'BC005',
    'error',
    'An endpoint is not host:port',
    'write a host and a port, such as broker.example:8883 or [::1]:1883',
  ),
  rule('BC006', 'error', 'A name in the connector is not valid', 'use lower-case letters, digits, "-" and "."'),
  rule(
    'BC007',
    'warning',
    'The local broker is left to the default',
    'the default deployment of Azure IoT MQ listens on port 8883 with TLS: write localBrokerConnection.endpoint and tls',
  ),
  rule('BC008', 'warning', 'Port and TLS setting do not fit', 'use port 8883 with TLS and port 1883 without'),
  rule('BC009', 'warning', 'A token or password goes over an unencrypted connection', 'set tls.tlsEnabled: true'),
  rule('BC010', 'error', 'A managed identity needs MQTT 5', 'set protocol: v5'),
  rule('BC011', 'error', 'Event Grid needs TLS', 'set tls.tlsEnabled: true'),
  rule(
    'BC012',
    'error',
    'This Event Grid host does not speak MQTT',
    'use the MQTT host name of the namespace, <namespace>.<region>-1.ts.eventgrid.azure.net',
  ),
  rule('BC013', 'warning', 'The audience is not that of Event Grid', 'set audience: https://eventgrid.azure.net'),
  rule('BC014', 'warning', 'bridgeInstances: 0 runs nothing', 'set bridgeInstances to 1 or more'),
  rule('BC015', 'error', 'A client certificate needs TLS', 'set tls.tlsEnabled: true'),
  rule(
    'BC016',
    'warning',
    'A CA is named but TLS is off',
    'set tls.tlsEnabled: true, or remove trustedCaCertificateConfigMap',
  ),
  rule('BC017', 'error', 'Enhanced authentication needs MQTT 5', 'set protocol: v5, or method: username'),
] as const;

const TOPIC_MAP = [
  rule('TM001', 'error', 'A required field of the topic map is missing', 'add the field'),
  rule('TM002', 'error', 'A field of the topic map is not known', 'remove the field'),
  rule(
    'TM003',
    'error',
    'A value in the topic map has the wrong type or range',
    'see docs/reference/fields.md for the allowed values',
  ),
  rule('TM004', 'error', 'A target contains wildcards', 'leave target out to keep the source topic, or name one topic'),
  rule(
    'TM005',
    'error',
    'A source is not a topic filter',
    'write levels separated by "/"; "+" stands for one whole level, "#" only as the last one',
  ),
  rule(
    'TM006',
    'error',
    'A source is written as a shared subscription',
    'write the plain filter and use sharedSubscription with groupName',
  ),
  rule('TM007', 'error', 'A share group name is not valid', 'use letters, digits and hyphens'),
  rule('TM008', 'error', 'A target refers to something unknown', 'use ${inputTopic} or ${inputTopic.N} with N from 1'),
  rule(
    'TM009',
    'error',
    'A target refers to a level that the source never has',
    'use a level that the source has, or let the source end in "#"',
  ),
  rule('TM010', 'error', 'A target is not a topic name', 'write a topic of 1 to 65,535 bytes without NUL'),
  rule('TM011', 'error', 'A name in the topic map is not valid', 'use letters, digits, "-" and "."'),
  rule('TM012', 'error', 'An exclude is not a topic filter', 'write a plain topic filter'),
  rule(
    'TM013',
    'warning',
    'An exclude leaves nothing out',
    'remove the exclude, or write a filter that overlaps the source',
  ),
  rule(
    'TM014',
    'warning',
    'A source touches topics that begin with $',
    'a wildcard in the first level never matches them; forward $SYS topics only on purpose, to a target of their own',
  ),
  rule('TM015', 'error', 'A dead-letter topic is not a topic name', 'write one topic without wildcards and templates'),
  rule('TM016', 'warning', 'deadLetterTopic has no effect', 'set onReject: deadLetter'),
  rule('TM017', 'warning', 'A share number of 0 runs no client', 'set groupMinimumShareNumber to 1 or more'),
  rule(
    'TM018',
    'warning',
    'A target begins with $',
    'brokers reserve these topics and refuse such messages; use another target',
  ),
  rule('TM019', 'error', 'Every message of the source is excluded', 'remove the exclude or the route'),
  rule(
    'TM020',
    'error',
    'A dead-letter topic is matched by the source of its own route',
    'add it to excludes, or set another deadLetterTopic',
  ),
  rule(
    'TM021',
    'error',
    'A route has no name',
    'add a name, such as name: shared-route; it becomes part of the client ID',
  ),
] as const;

const CROSS = [
  rule(
    'XR001',
    'error',
    'The connector of a topic map does not exist',
    'correct mqttBridgeConnectorRef, or add the connector',
  ),
  rule(
    'XR002',
    'warning',
    'No topic map refers to a connector',
    'add an MqttBridgeTopicMap with this connector in mqttBridgeConnectorRef',
  ),
  rule('XR003', 'error', 'A resource exists twice', 'rename or remove one of the two'),
  rule(
    'XR004',
    'error',
    'A route name is used twice in a connector',
    'rename one of the routes; the name becomes the client ID',
  ),
  rule(
    'XR005',
    'error',
    'Two sessions would have the same client ID',
    'rename a route, or choose another clientIdPrefix',
  ),
  rule(
    'XR006',
    'warning',
    'A client ID is longer than 128 characters',
    'shorten clientIdPrefix or the name of the route',
  ),
  rule(
    'XR007',
    'error',
    'Shared subscriptions need MQTT 5',
    'set protocol: v5 at the connector, or remove sharedSubscription',
  ),
  rule(
    'XR008',
    'warning',
    'Messages can go round in a loop',
    'give the two directions different topics, or exclude what comes back; an error where maxHops cannot stop it (v3, or maxHops: 0)',
  ),
  rule(
    'XR009',
    'warning',
    'Routes of one direction overlap',
    'a message that both match is forwarded by each; narrow one source or add excludes',
  ),
  rule('XR010', 'warning', 'Event Grid has no QoS 2', 'set qos: 1; the bridge lowers it'),
  rule(
    'XR012',
    'error',
    'A connector has too many clients',
    'use fewer routes or smaller groupMinimumShareNumber; at most 10,000 clients per connector',
  ),
  rule('XR011', 'warning', 'The topic is too long for Event Grid', 'use at most 256 bytes and 15 levels'),
] as const;

/** Every rule by id. */
export const RULES: ReadonlyMap<string, Rule> = new Map([...TEXT, ...CONNECTOR, ...TOPIC_MAP, ...CROSS]);

/** The rule with this id; throws a RangeError for an id that is not in the catalogue. */
export function ruleOf(id: string): Rule {
  const found = RULES.get(id);
  if (found === undefined) throw new RangeError(`no rule ${id}`);
  return found;
}
