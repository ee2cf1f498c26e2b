import { execFileSync } from 'node:child_process';

/** Whether a program can be started here, asked by arguments that it always takes; what it alone can show is then asked of it. */
export function isInstalled(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
