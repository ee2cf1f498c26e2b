import { isInstalled } from '../installed-tool.ts';

/** Whether kubectl can be started here; what it alone can show is then asked of it. */
export function hasKubectl(): boolean {
  return isInstalled('kubectl', 'version', '--client');
}
