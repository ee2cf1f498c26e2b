import { UsageError } from './usage-error.ts';
import type { Environment } from './io.ts';

/** Refuses an environment that switches certificate checks off; throws UsageError. */
export function refuseUnverifiedTls(env: Environment): void {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return;
  throw new UsageError(
    'NODE_TLS_REJECT_UNAUTHORIZED=0 switches off the check of every broker certificate',
    'unset it, and name your own CA in trustedCaCertificateConfigMap',
  );
}
