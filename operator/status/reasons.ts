/** What a reason means and what to do about it, for messages and for the documentation. */
interface ReasonText {
  /** One sentence: what is so. */
  readonly meaning: string;
  /** One sentence: what to do about it; empty where there is nothing to do. */
  readonly fix: string;
}

/** Reasons that the operator gives in conditions and events; those of agents are passed on as they are. */
export const STATUS_REASONS = {
  Accepted: { meaning: 'The configuration is valid.', fix: '' },
  Invalid: {
    meaning: 'The resource breaks rules; what ran before goes on.',
    fix: 'Correct what the message names and apply it again.',
  },
  TopicMapInvalid: {
    meaning: 'A topic map breaks rules, so nothing new of its connector is taken; what ran before goes on.',
    fix: 'Correct or delete the topic map that the message names.',
  },
  ConnectorInvalid: {
    meaning: 'The connector breaks rules, so nothing new of its topic maps is taken; what ran before goes on.',
    fix: 'Correct the connector as its condition Accepted says.',
  },
  WorkloadRefused: {
    meaning: 'The connector is valid, and Kubernetes would not take pods made of it; those there are stay as they are.',
    fix: 'Correct the field that the message names.',
  },
  NameTaken: {
    meaning: 'Objects of the names that the connector needs belong to somebody else; nothing was touched.',
    fix: 'Delete or rename them, or give the connector another name; it is noticed within a minute.',
  },
  RefusedByInstance: {
    meaning: 'An instance refuses what the operator accepts; it goes on with its last good configuration.',
    fix: 'Give operator and agents the same version of the image.',
  },
  ConnectorNotFound: {
    meaning: 'There is no connector of this name in the namespace.',
    fix: 'Create the connector, or correct spec.mqttBridgeConnectorRef.',
  },
  ConnectorFound: { meaning: 'The connector exists.', fix: '' },
  SecretMissing: {
    meaning: 'A Secret does not exist.',
    fix: 'Create it with the command in the message; it is picked up.',
  },
  SecretKeyMissing: {
    meaning: 'A Secret lacks a key.',
    fix: 'Write the Secret anew with the command in the message; it is picked up.',
  },
  ConfigMapMissing: {
    meaning: 'A ConfigMap does not exist.',
    fix: 'Create it with the command in the message; it is picked up.',
  },
  ConfigMapEmpty: {
    meaning: 'A ConfigMap holds no certificates.',
    fix: 'Add a key with certificates in PEM form; it is picked up.',
  },
  CredentialsValid: { meaning: 'All instances can use their credentials.', fix: '' },
  Connected: { meaning: 'All sessions of all instances are connected.', fix: '' },
  Connecting: { meaning: 'Sessions have not connected yet.', fix: '' },
  NoInstances: {
    meaning: 'The connector wants no instances, so nothing runs.',
    fix: 'Set spec.bridgeInstances to 1 or more.',
  },
  NoRoutes: {
    meaning: 'There are no routes, so there is nothing to run.',
    fix: 'Add an MqttBridgeTopicMap with routes and this connector in spec.mqttBridgeConnectorRef.',
  },
  WorkloadPending: {
    meaning: 'The StatefulSet of the connector is not there yet.',
    fix: 'Wait; if it stays so, see the events of the connector and the log of the operator.',
  },
  WorkloadFailed: {
    meaning: 'The API server does not take an object of the connector; those there are stay as they are.',
    fix: 'Change the quota, policy, webhook or rights that the message names; it is tried again, within a minute at the latest.',
  },
  RollingOut: { meaning: 'Pods are being made or replaced.', fix: '' },
  NotReported: {
    meaning: 'An instance has not said anything yet.',
    fix: 'Wait; if it stays so, see its pod with kubectl describe pod and its log.',
  },
  RevisionPending: {
    meaning: 'An instance does not run the newest configuration yet.',
    fix: 'Wait; if it stays so, see the log of its pod.',
  },
  InstancesNotReady: {
    meaning: 'Not all pods are ready.',
    fix: 'See the pods with kubectl describe pod.',
  },
  RoutesNotReady: { meaning: 'Not all routes pass messages.', fix: 'See what the message says of each route.' },
  ReportedElsewhere: {
    meaning: 'Agents report to a control plane, and nothing of it is known in the cluster.',
    fix: 'Ask the control plane with mqttbridge get.',
  },
  PodsReady: { meaning: 'All pods are ready; what else there is to know, the control plane knows.', fix: '' },
  Programmed: { meaning: 'All instances run the topic map as it is.', fix: '' },
  Ready: { meaning: 'All instances run the newest configuration, and all routes pass messages.', fix: '' },
  PartlyReady: {
    meaning: 'Some routes or pods work, and some do not that did or should.',
    fix: 'See the condition Ready.',
  },
} as const satisfies Readonly<Record<string, ReasonText>>;

/** A reason that the operator gives. */
export type StatusReason = keyof typeof STATUS_REASONS;

/** Reasons that end by themselves when all goes well. */
export const PASSING = [
  'Connecting',
  'NotReported',
  'RevisionPending',
  'RollingOut',
  'WorkloadPending',
] satisfies StatusReason[];
/** What agents say of themselves and ends by itself. */
const PASSING_AT_AGENTS = ['NotStarted', 'Stopping'];
const IDLE = ['NoInstances', 'NoRoutes', 'ReportedElsewhere'] satisfies StatusReason[];
const STUCK = ['WorkloadFailed', 'ConnectorNotFound', 'ConnectorInvalid', 'TopicMapInvalid'] satisfies StatusReason[];

/** Whether there is nothing to run. */
export function isIdle(reason: string): boolean {
  return (IDLE as string[]).includes(reason);
}

/** Whether a reason ends by itself when all goes well. */
export function isPassing(reason: string): boolean {
  return [...PASSING, ...PASSING_AT_AGENTS].includes(reason);
}

/** Whether somebody has to act before it ends. */
export function isStuck(reason: string): boolean {
  return (STUCK as string[]).includes(reason);
}
