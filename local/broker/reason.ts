/** MQTT 5 reason codes the broker sends or reads (section 2.4), by the name of the specification. */
export const reason = {
  success: 0x00,
  disconnectWithWill: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecified: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecific: 0x83,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  sharedSubscriptionsNotSupported: 0x9e,
  subscriptionIdentifiersNotSupported: 0xa1,
  wildcardSubscriptionsNotSupported: 0xa2,
} as const;

/** Input that ends its connection; `reasonCode` is what an MQTT 5 client is told. */
export class ProtocolFault extends Error {
  readonly reasonCode: number;

  constructor(reasonCode: number, detail: string) {
    super(detail);
    this.name = 'ProtocolFault';
    this.reasonCode = reasonCode;
  }
}

/** Throws the fault of bytes that are no MQTT packet (0x81). */
export function malformed(detail: string): never {
  throw new ProtocolFault(reason.malformedPacket, detail);
}

/** Throws the fault of a well-formed packet that the specification forbids here (0x82). */
export function protocolError(detail: string): never {
  throw new ProtocolFault(reason.protocolError, detail);
}

/** CONNACK return code of MQTT 3.1.1 (section 3.2.2.3) that says most nearly the same as an MQTT 5 reason code. */
export function returnCodeOf(reasonCode: number): number {
  switch (reasonCode) {
    case reason.success:
      return 0;
    case reason.unsupportedProtocolVersion:
      return 1;
    case reason.clientIdentifierNotValid:
      return 2;
    case reason.badUserNameOrPassword:
      return 4;
    case reason.notAuthorized:
    case reason.badAuthenticationMethod:
      return 5;
    default:
      return 3;
  }
}
