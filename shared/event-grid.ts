const SUFFIX = /\.eventgrid\.azure\.(?:net|us|cn)\.?$/i;
const MQTT_SUFFIX = /\.ts\.eventgrid\.azure\.(?:net|us|cn)\.?$/i;

/** Which of an Event Grid namespace's two hosts a name is (only `mqtt` speaks MQTT); undefined for any other host. */
export function eventGridHost(host: string): 'mqtt' | 'http' | undefined {
  if (MQTT_SUFFIX.test(host)) return 'mqtt';
  return SUFFIX.test(host) ? 'http' : undefined;
}

/** Event Grid's documented limits of a published topic. */
export const EVENT_GRID_TOPIC = { maxBytes: 256, maxLevels: 15 } as const;

/** Token audience that Event Grid's MQTT broker accepts; a slash behind it is allowed. */
export const EVENT_GRID_AUDIENCE = 'https://eventgrid.azure.net';
