import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which Linux (32768..) and macOS (49152..) take ports for outgoing connections,
// so nobody grabs the port while a broker or proxy that owns it is down.
const FIRST = 20_000;
const LAST = 32_000;

/** Finds a loopback port that nothing listens on; whoever binds it next must still be ready to ask for another one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (await canBind(port)) return port;
  }
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
