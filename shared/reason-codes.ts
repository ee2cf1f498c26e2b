/**
 * What to do after a packet with this reason code.
 * `accepted`: go on. `retry`: again with back-off. `slow`: again with long back-off, a person or time has to change something.
 * `refresh`: once at once with new credentials, then `slow`. `takenOver`: another client has our client ID; stay away for long.
 * `refused`: this message will never pass, the connection stays. `mounted`: files on this machine have to change; no broker was asked.
 */
export type Verdict = 'accepted' | 'retry' | 'slow' | 'refresh' | 'takenOver' | 'refused' | 'mounted';

/** Packets that bring reason codes to a client; PUBREC is judged like PUBACK. */
export type ReasonPacket = 'connack' | 'disconnect' | 'puback' | 'suback';

/** One MQTT 5 reason code (MQTT5 2.4) with what it means for a bridge. */
export interface ReasonCode {
  readonly code: number;
  /** CamelCase constant, for status and metrics. */
  readonly name: string;
  /** One sentence: what happened. */
  readonly description: string;
  /** One sentence: what an operator can do; empty when there is nothing to do. */
  readonly advice: string;
  readonly verdicts: Readonly<Partial<Record<ReasonPacket, Verdict>>>;
}

const WAIT = 'Nothing: the bridge tries again by itself.';
const CREDENTIALS = 'Check the credentials in the secret and that the broker knows this client.';
const REPORT = 'Report this with the log of both sides: one of them breaks the protocol.';
const QUOTA =
  'Raise "Maximum client sessions per authentication name" of the Event Grid namespace to at least the number of remote sessions, or wait until abandoned sessions expire.';

function row(
  code: number,
  name: string,
  verdicts: ReasonCode['verdicts'],
  description: string,
  advice = '',
): ReasonCode {
  return { code, name, description, advice, verdicts };
}

/** Every reason code of MQTT 5, ascending. */
export const REASON_CODES: readonly ReasonCode[] = [
  row(
    0x00,
    'Success',
    { connack: 'accepted', disconnect: 'retry', puback: 'accepted', suback: 'accepted' },
    'The broker accepted.',
  ),
  row(0x01, 'GrantedQos1', { suback: 'accepted' }, 'The subscription was granted with QoS 1.'),
  row(0x02, 'GrantedQos2', { suback: 'accepted' }, 'The subscription was granted with QoS 2.'),
  row(0x04, 'DisconnectWithWill', {}, 'The client left and asked for its will message.'),
  row(0x10, 'NoMatchingSubscribers', { puback: 'accepted' }, 'The broker took the message; nobody subscribes to it.'),
  row(0x11, 'NoSubscriptionExisted', {}, 'There was no such subscription.'),
  row(0x18, 'ContinueAuthentication', {}, 'The authentication goes on.'),
  row(0x19, 'ReAuthenticate', {}, 'The client authenticates again.'),
  row(
    0x80,
    'UnspecifiedError',
    { connack: 'retry', disconnect: 'retry', puback: 'retry', suback: 'slow' },
    'The broker failed and does not say why.',
    'See the log of the broker.',
  ),
  row(
    0x81,
    'MalformedPacket',
    { connack: 'slow', disconnect: 'slow' },
    'The broker could not read a packet of ours.',
    REPORT,
  ),
  row(
    0x82,
    'ProtocolError',
    { connack: 'slow', disconnect: 'slow' },
    'The broker found a packet of ours out of order.',
    REPORT,
  ),
  row(
    0x83,
    'ImplementationSpecificError',
    { connack: 'slow', disconnect: 'retry', puback: 'retry', suback: 'slow' },
    'The broker does not support what was asked.',
    'See the log of the broker for the feature it misses.',
  ),
  row(
    0x84,
    'UnsupportedProtocolVersion',
    { connack: 'slow' },
    'The broker does not speak this MQTT version.',
    'Set spec.protocol to the version that the broker speaks.',
  ),
  row(
    0x85,
    'ClientIdentifierNotValid',
    { connack: 'slow' },
    'The broker does not allow the client ID.',
    'Choose a shorter clientIdPrefix or route name of letters, digits and hyphens.',
  ),
  row(
    0x86,
    'BadUserNameOrPassword',
    { connack: 'refresh' },
    'The broker does not accept the user name or password.',
    CREDENTIALS,
  ),
  row(
    0x87,
    'NotAuthorized',
    { connack: 'refresh', disconnect: 'refresh', puback: 'refused', suback: 'slow' },
    'The broker does not permit this.',
    'Check roles, permission bindings and topic spaces for this identity (new ones take minutes to work), and that no other identity owns this session name.',
  ),
  row(0x88, 'ServerUnavailable', { connack: 'retry' }, 'The broker is not available.', WAIT),
  row(0x89, 'ServerBusy', { connack: 'retry', disconnect: 'retry' }, 'The broker is busy.', WAIT),
  row(
    0x8a,
    'Banned',
    { connack: 'slow' },
    'The broker has banned this client.',
    'Ask the administrator of the broker to lift the ban.',
  ),
  row(0x8b, 'ServerShuttingDown', { disconnect: 'retry' }, 'The broker is shutting down.', WAIT),
  row(
    0x8c,
    'BadAuthenticationMethod',
    { connack: 'slow', disconnect: 'slow' },
    'The broker does not know the authentication method.',
    'Choose another authentication method for this connection, or enable this one at the broker.',
  ),
  row(
    0x8d,
    'KeepAliveTimeout',
    { disconnect: 'retry' },
    'The broker heard nothing within one and a half keep-alive times.',
    'Check the network, and whether the machine is short of CPU.',
  ),
  row(
    0x8e,
    'SessionTakenOver',
    { disconnect: 'takenOver' },
    'Another client connected with the same client ID.',
    'Give each bridge its own clientIdPrefix; look for a second copy of this bridge.',
  ),
  row(
    0x8f,
    'TopicFilterInvalid',
    { disconnect: 'slow', suback: 'slow' },
    'The broker does not accept the topic filter.',
    'Change the source of the route.',
  ),
  row(
    0x90,
    'TopicNameInvalid',
    { connack: 'slow', disconnect: 'slow', puback: 'refused' },
    'The broker does not accept the topic.',
    'Change the target of the route; Event Grid allows 256 bytes and 15 levels.',
  ),
  row(
    0x91,
    'PacketIdentifierInUse',
    { puback: 'retry', suback: 'slow' },
    'The broker still uses this packet identifier.',
    WAIT,
  ),
  row(0x92, 'PacketIdentifierNotFound', {}, 'The broker does not know the packet identifier.', WAIT),
  row(
    0x93,
    'ReceiveMaximumExceeded',
    { disconnect: 'retry' },
    'The broker got more unacknowledged messages than it allows.',
    REPORT,
  ),
  row(0x94, 'TopicAliasInvalid', { disconnect: 'slow' }, 'The broker does not accept a topic alias.', REPORT),
  row(
    0x95,
    'PacketTooLarge',
    { connack: 'slow', disconnect: 'slow', puback: 'refused' },
    'The packet is larger than the broker allows.',
    'Send smaller messages or raise the limit of the broker.',
  ),
  row(
    0x96,
    'MessageRateTooHigh',
    { disconnect: 'retry' },
    'Messages came faster than the broker allows.',
    'Spread the route over more clients with sharedSubscription, or raise the throughput units.',
  ),
  row(
    0x97,
    'QuotaExceeded',
    { connack: 'slow', disconnect: 'retry', puback: 'retry', suback: 'slow' },
    'A quota of the broker is used up.',
    QUOTA,
  ),
  row(0x98, 'AdministrativeAction', { disconnect: 'retry' }, 'An administrator closed the connection.', WAIT),
  row(
    0x99,
    'PayloadFormatInvalid',
    { connack: 'slow', disconnect: 'slow', puback: 'refused' },
    'The payload is not what its format indicator says.',
    'Correct the publisher of the message.',
  ),
  row(
    0x9a,
    'RetainNotSupported',
    { connack: 'slow', disconnect: 'slow' },
    'The broker has no retained messages.',
    'Set retain: Never on the routes to this broker.',
  ),
  row(
    0x9b,
    'QosNotSupported',
    { connack: 'slow', disconnect: 'slow' },
    'The broker does not support this QoS.',
    'Lower the qos of the routes to this broker.',
  ),
  row(
    0x9c,
    'UseAnotherServer',
    { connack: 'slow', disconnect: 'slow' },
    'The broker says that another one is to be used for now.',
    'Ask who runs the broker for its new address and change the endpoint; redirects are not followed.',
  ),
  row(
    0x9d,
    'ServerMoved',
    { connack: 'slow', disconnect: 'slow' },
    'The broker has moved for good.',
    'Ask who runs the broker for its new address and change the endpoint; redirects are not followed.',
  ),
  row(
    0x9e,
    'SharedSubscriptionsNotSupported',
    { disconnect: 'slow', suback: 'slow' },
    'The broker has no shared subscriptions.',
    'Remove sharedSubscription from the route.',
  ),
  row(
    0x9f,
    'ConnectionRateExceeded',
    { connack: 'retry', disconnect: 'retry' },
    'Connections came faster than the broker allows.',
    WAIT,
  ),
  row(
    0xa0,
    'MaximumConnectTime',
    { disconnect: 'refresh' },
    'The connection reached the longest time the broker allows.',
    WAIT,
  ),
  row(
    0xa1,
    'SubscriptionIdentifiersNotSupported',
    { disconnect: 'slow', suback: 'slow' },
    'The broker has no subscription identifiers.',
    REPORT,
  ),
  row(
    0xa2,
    'WildcardSubscriptionsNotSupported',
    { disconnect: 'slow', suback: 'slow' },
    'The broker has no wildcard subscriptions.',
    'Write sources without + and #.',
  ),
];

const BY_CODE = new Map(REASON_CODES.map((reason) => [reason.code, reason]));

/** MQTT5 0x00..0x7F is success, 0x80..0xFF failure: an unknown code is judged by its half. */
function unknown(code: number): ReasonCode {
  const verdict: Verdict = code < 0x80 ? 'accepted' : 'retry';
  const verdicts = { connack: verdict, disconnect: 'retry', puback: verdict, suback: verdict } as const;
  return row(
    code,
    'Unknown',
    verdicts,
    `The broker gave the unknown reason code ${hex(code)}.`,
    'See the log of the broker.',
  );
}

/** The meaning of a reason code; unknown ones get a row too. */
export function reasonOf(code: number): ReasonCode {
  return BY_CODE.get(code) ?? unknown(code);
}

/** What to do after a packet with a reason code; a code that such a packet must not carry is judged by its half. */
export function verdictOf(packet: ReasonPacket, code: number): Verdict {
  return reasonOf(code).verdicts[packet] ?? unknown(code).verdicts[packet] ?? 'retry';
}

/** One sentence or two for an operator, with the code: what happened, what to do. */
export function sentenceOf(code: number): string {
  const { description, advice } = reasonOf(code);
  return `${description.replace(/\.$/, '')} (${hex(code)}).${advice === '' ? '' : ` ${advice}`}`;
}

/** CONNACK return codes of MQTT 3.1.1 (3.2.2.3) as the MQTT 5 reason codes that mean the same. */
const V3_CONNACK: readonly number[] = [0x00, 0x84, 0x85, 0x88, 0x86, 0x87];

/** The MQTT 5 reason code for a CONNACK return code of MQTT 3.1.1. */
export function reasonOfReturnCode(returnCode: number): ReasonCode {
  return reasonOf(V3_CONNACK[returnCode] ?? 0x80);
}

function hex(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
