/** MQTT 5 reason codes this side sends or acts on by number (MQTT5 2.4); texts are in shared/reason-codes. */
export const ReasonCode = {
  success: 0x00,
  disconnectWithWill: 0x04,
  malformedPacket: 0x81,
  protocolError: 0x82,
  topicNameInvalid: 0x90,
  packetIdentifierNotFound: 0x92,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
} as const;
