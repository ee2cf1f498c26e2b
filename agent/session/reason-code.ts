/** MQTT 5 reason codes this side sends (MQTT5 2.4); what received ones mean is in shared/reason-codes. */
export const ReasonCode = {
  success: 0x00,
  malformedPacket: 0x81,
  protocolError: 0x82,
  topicNameInvalid: 0x90,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
} as const;
