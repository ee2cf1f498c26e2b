/** Conditions of a connector, and when each is True. */
export const CONNECTOR_CONDITIONS = {
  Accepted:
    'The connector and all topic maps that name it break no rule, pods can be made of it, and no instance refuses it. Warnings refuse nothing.',
  LocalConnected: 'Every wanted instance says that all its sessions at the local broker are connected.',
  RemoteConnected: 'Every wanted instance says that all its sessions at the remote broker are connected.',
  CredentialsValid:
    'The Secrets and ConfigMaps that are named exist with the keys that are needed, as far as the operator may see them, and every wanted instance can use its credentials.',
  Ready:
    'Accepted; every wanted instance is there, its pod ready, and runs the newest revision of the connector and its topic maps; all routes pass messages.',
} as const;

/** Conditions of a topic map, and when each is True. */
export const TOPIC_MAP_CONDITIONS = {
  Accepted: 'The topic map itself breaks no rule.',
  ConnectorResolved: 'The connector that it names exists in its namespace and is not being deleted.',
  Programmed:
    'Every wanted instance runs the topic map as it is. It stays True while another topic map or the connector changes, or holds back what is new.',
  Ready: 'Programmed, all pods of the connector are ready, and all routes of the topic map pass messages.',
} as const;

/** Conditions of a connector that are there only while they are True, and what they say then. */
export const TROUBLE_CONDITIONS = {
  ClientIdConflict: 'Another client uses a client ID of an instance.',
  Degraded:
    'Some messages pass, and something that worked stopped or fails: a pod of a connector that was ready, a route, a broker. Pods that start or are replaced as somebody wanted do not count. It lasts until Ready is True, or the connector changes or its pods roll out.',
} as const;
