import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

// Below the range from which Linux (32768..) and macOS (49152..) take ports for outgoing connections,
// so nobody grabs the port while a broker or proxy that owns it is down.
const FIRST = 20_000;
const LAST = 32_000;
const LEASES = join(tmpdir(), `mqttbridge-test-ports-${userInfo().uid}`);

const leased = new Set<string>();
process.once('exit', () => {
  for (const file of leased) rmSync(file, { force: true });
});

/**
 * Finds a loopback port that nothing listens on. It is this process's until it ends, also while nothing listens on it:
 * a broker that restarts must not find another test's broker on its port. Other programs may still take it.
 */
export async function freePort(): Promise<number> {
  mkdirSync(LEASES, { recursive: true });
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (lease(port) && (await canBind(port))) return port;
  }
}

/** True when the port is ours now; a process that has ended holds no lease. */
function lease(port: number): boolean {
  const file = join(LEASES, String(port));
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      leased.add(file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isHeld(file)) return false;
      rmSync(file, { force: true });
    }
  }
}

function isHeld(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's living process.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
