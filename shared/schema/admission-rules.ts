import type { ResourceKind } from './json-schema.ts';

/** A validation rule of shared/config in CEL, for the API server to refuse a resource by. */
export interface AdmissionRule {
  /** Id in the catalogue of rules. */
  readonly id: string;
  readonly kind: ResourceKind;
  /** Node whose value is `self`, such as `spec.routes[].target`. */
  readonly path: string;
  readonly expression: string;
  /** What is wrong; the id goes in front. */
  readonly message: string;
}

/** Longest topic, filter and share group in the cluster, in characters: what a rule costs is estimated by it. */
export const MAX_TOPIC_LENGTH = 1024;

/** Most routes of one topic map in the cluster; an object of etcd has 1.5 MiB. */
export const MAX_ROUTES = 1000;

/** Longest endpoint: a host of 254 characters, a colon and a port. */
export const MAX_ENDPOINT_LENGTH = 260;

/** A plain topic filter or nothing at all; also the pattern of excludes, for which a rule would cost too much. */
export const FILTER_PATTERN = '^(([^/+#\\x00]*|\\+)(/([^/+#\\x00]*|\\+))*(/#)?|#)$';

const HOST = '[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(\\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\\.?';
const ADDRESS = '\\[[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,15})?\\]';
/** 1 to 65535 in at most five digits, zeros in front included. */
const PORT =
  '(0{0,4}[1-9]|0{0,3}[1-9][0-9]|0{0,2}[1-9][0-9]{2}|0?[1-9][0-9]{3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

const ENDPOINT = [
  `self.matches(r'^(${HOST}|${ADDRESS}):${PORT}$')`,
  "(self.startsWith('[') ? self.matches(r'^\\[[^\\]]*:') : self.matches(r'^[^:]{1,254}:'))",
].join(' && ');

const EVENT_GRID = "self.endpoint.matches(r'(?i:\\.eventgrid\\.azure\\.(net|us|cn)\\.?:[0-9]+$)')";
const EVENT_GRID_MQTT = "self.endpoint.matches(r'(?i:\\.ts\\.eventgrid\\.azure\\.(net|us|cn)\\.?:[0-9]+$)')";

const WILDCARD = "self.contains('+') || self.contains('#')";
const TEMPLATE = "self.matches(r'^([^$]|\\$+[^${]|\\$+\\{inputTopic(\\.[1-9][0-9]{0,4})?\\})*\\$*$')";

const LOCAL_METHODS = ['kubernetes', 'anonymous', 'usernamePassword', 'x509'];
const REMOTE_METHODS = ['systemAssignedManagedIdentity', 'x509', 'usernamePassword', 'anonymous'];

const connector = (id: string, path: string, expression: string, message: string): AdmissionRule => ({
  id,
  kind: 'MqttBridgeConnector',
  path,
  expression,
  message,
});

const topicMap = (id: string, path: string, expression: string, message: string): AdmissionRule => ({
  id,
  kind: 'MqttBridgeTopicMap',
  path,
  expression,
  message,
});

const exactlyOne = (path: string, methods: readonly string[]) =>
  connector(
    'BC004',
    path,
    `${methods.map((method) => `(has(self.${method}) ? 1 : 0)`).join(' + ')} == 1`,
    `exactly one of ${methods.join(', ')} is needed`,
  );

const endpoint = (path: string) =>
  connector('BC005', path, ENDPOINT, 'an endpoint is host:port, such as broker.example:8883 or [::1]:1883');

const LOCAL = 'spec.localBrokerConnection';
const REMOTE = 'spec.remoteBrokerConnection';
const ROUTE = 'spec.routes[]';

/**
 * The rules that CEL can say about one resource. What looks into `localBrokerConnection` stands at `spec`: the API server
 * checks defaults by the rules, too, and the default there is empty.
 */
export const ADMISSION_RULES: readonly AdmissionRule[] = [
  connector('BC003', 'spec.clientIdPrefix', "!self.matches(r'\\x00')", 'a client ID contains no NUL'),
  exactlyOne(`${LOCAL}.authentication`, LOCAL_METHODS),
  exactlyOne(`${LOCAL}.authentication.x509`, ['secretName', 'keyVault']),
  exactlyOne(`${REMOTE}.authentication`, REMOTE_METHODS),
  exactlyOne(`${REMOTE}.authentication.x509`, ['secretName', 'keyVault']),
  endpoint(`${LOCAL}.endpoint`),
  endpoint(`${REMOTE}.endpoint`),
  connector(
    'BC010',
    'spec',
    "self.protocol == 'v5' || !has(self.remoteBrokerConnection.authentication.systemAssignedManagedIdentity)",
    'a managed identity needs MQTT 5: set protocol: v5',
  ),
  connector(
    'BC011',
    REMOTE,
    `self.tls.tlsEnabled || !${EVENT_GRID}`,
    'Event Grid takes no connection without TLS: set tls.tlsEnabled: true',
  ),
  connector(
    'BC012',
    REMOTE,
    `!${EVENT_GRID} || ${EVENT_GRID_MQTT}`,
    'this Event Grid host takes HTTP only: use <namespace>.<region>-1.ts.eventgrid.azure.net',
  ),
  connector(
    'BC015',
    'spec',
    'self.localBrokerConnection.tls.tlsEnabled || !has(self.localBrokerConnection.authentication.x509)',
    'a client certificate can only be shown over TLS: set localBrokerConnection.tls.tlsEnabled: true',
  ),
  connector(
    'BC015',
    REMOTE,
    'self.tls.tlsEnabled || !has(self.authentication.x509)',
    'a client certificate can only be shown over TLS: set tls.tlsEnabled: true',
  ),
  connector(
    'BC017',
    'spec',
    [
      "self.protocol == 'v5'",
      '!has(self.localBrokerConnection.authentication.kubernetes)',
      '!has(self.localBrokerConnection.authentication.kubernetes.method)',
      "self.localBrokerConnection.authentication.kubernetes.method != 'enhanced'",
    ].join(' || '),
    'enhanced authentication needs MQTT 5: set protocol: v5, or method: username',
  ),
  topicMap(
    'TM004',
    `${ROUTE}.target`,
    "!self.contains('+') && !self.contains('#')",
    'wildcards are not allowed in a target: leave target out to keep the source topic, or name one topic',
  ),
  topicMap(
    'TM005',
    `${ROUTE}.source`,
    `self.startsWith('$share') || (self != '' && self.matches(r'${FILTER_PATTERN}'))`,
    'a source is a topic filter: "+" stands for one whole level, "#" only as the last one',
  ),
  topicMap(
    'TM006',
    `${ROUTE}.source`,
    "!self.startsWith('$share')",
    'a source is not written as a shared subscription: use sharedSubscription with groupName',
  ),
  topicMap(
    'TM007',
    `${ROUTE}.sharedSubscription.groupName`,
    "self.matches(r'^[^/+#\\x00]+$')",
    'a share group is text without "/", "+" and "#"',
  ),
  topicMap(
    'TM008',
    `${ROUTE}.target`,
    `${WILDCARD} || ${TEMPLATE}`,
    'a target refers only to ${inputTopic} and ${inputTopic.N} with N from 1',
  ),
  topicMap(
    'TM010',
    `${ROUTE}.target`,
    "self != '' && !self.matches(r'\\x00')",
    'a target is a topic of one character or more without NUL',
  ),
  topicMap(
    'TM012',
    `${ROUTE}.excludes[]`,
    "!self.startsWith('$share')",
    'an exclude is a plain topic filter, not a shared subscription',
  ),
  topicMap(
    'TM015',
    `${ROUTE}.deadLetterTopic`,
    "self.matches(r'^[^+#\\x00]+$') && !self.contains('${')",
    'a dead-letter topic is one topic without wildcards and templates',
  ),
];
