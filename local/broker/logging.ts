import type { BrokerEvents } from './events.ts';

/** Where a broker reports; pino fits. Fields hold no payload, password or token. */
export interface BrokerLogger {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}

/** Reports the life of connections and sessions to a logger. */
export function logTo(logger: BrokerLogger, events: BrokerEvents): void {
  events.on('connected', (event) => logger.info(event, 'client connected'));
  events.on('disconnected', (event) => logger.info(event, 'client disconnected'));
  events.on('refused', (event) => logger.warn(event, 'connection refused'));
  events.on('fault', (event) => logger.warn(event, 'connection ended for its input'));
  events.on('sessionEnded', (event) => logger.info(event, 'session ended'));
}
