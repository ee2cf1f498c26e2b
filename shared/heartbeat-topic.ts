/** Where the instances of a connector publish their heartbeats at the local broker; `+` for all. */
export function heartbeatTopic(connector: string, instance: number | '+'): string {
  return `mqttbridge/${connector}/instances/${instance}`;
}
