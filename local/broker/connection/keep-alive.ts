import { reason } from '../reason.ts';
import { setTimer, type Connection } from './connection.ts';
import { expel } from './finish.ts';

/**
 * Ends a connection that was silent for one and a half times its keep-alive (MQTT5 3.1.2.10); 0 seconds switches it off.
 * One timer looks at the time of the last packet, so that packets do not touch timers.
 */
export function watchKeepAlive(connection: Connection, keepAliveSeconds: number): void {
  if (keepAliveSeconds === 0) return;
  const allowed = keepAliveSeconds * 1500;
  const { clock } = connection.core;
  const look = (): void => {
    const left = connection.lastHeard + allowed - clock.now();
    if (left > 0) setTimer(connection, 'keep-alive', left, look);
    else expel(connection, reason.keepAliveTimeout, `nothing heard for ${allowed / 1000} s`);
  };
  connection.lastHeard = clock.now();
  setTimer(connection, 'keep-alive', allowed, look);
}
