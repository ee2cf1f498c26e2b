import { execFileSync } from 'node:child_process';

/** Whether kubectl can be started here; what it alone can show is then asked of it. */
export function hasKubectl(): boolean {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
