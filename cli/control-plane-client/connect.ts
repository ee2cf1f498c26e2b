import { siteName } from '../../shared/api/names.ts';
import type { Io } from '../io.ts';
import { refuseUnverifiedTls } from '../unverified-tls.ts';
import { UsageError } from '../usage-error.ts';
import { type ControlPlaneClient, createControlPlaneClient } from './client.ts';
import { type Credentials, entraCredentials, keyFileCredentials } from './credentials.ts';
import { serverUrl } from './server-url.ts';

/** Options of every command that asks a control plane; each but `timeout` has a variable that stands in for it. */
export interface ConnectionFlags {
  readonly server?: string;
  readonly site?: string;
  readonly keyFile?: string;
  readonly audience?: string;
  /** Seconds, for one request. */
  readonly timeout: number;
}

/** A client for the site that options and environment name; throws UsageError. */
export function connect(flags: ConnectionFlags, io: Io): ControlPlaneClient {
  // An empty variable is how charts leave one out.
  const site = flags.site ?? (io.env.MQTTBRIDGE_SITE || undefined);
  if (site === undefined) throw new UsageError('which site is not said', 'give --site, or set MQTTBRIDGE_SITE');
  const name = siteName.safeParse(site);
  if (!name.success) throw new UsageError(`"${site}" is no name of a site`, 'it is 1 to 63 of a-z, 0-9 and "-"');
  return clientOf(flags, io, site);
}

/** A client for what belongs to no site; throws UsageError. */
export function connectWithoutSite(flags: ConnectionFlags, io: Io): Pick<ControlPlaneClient, 'listSites'> {
  return clientOf(flags, io, '-');
}

function clientOf(flags: ConnectionFlags, io: Io, site: string): ControlPlaneClient {
  refuseUnverifiedTls(io.env);
  const server = flags.server ?? (io.env.MQTTBRIDGE_SERVER || undefined);
  if (server === undefined) throw new UsageError('which server is not said', 'give --server, or set MQTTBRIDGE_SERVER');
  return createControlPlaneClient({
    server: serverUrl(server),
    site,
    credentials: credentialsOf(flags, io),
    fetch: io.fetch,
    timeoutSeconds: flags.timeout,
  });
}

function credentialsOf({ keyFile, audience }: ConnectionFlags, { env }: Io): Credentials {
  if (keyFile !== undefined && audience !== undefined)
    throw new UsageError('--key-file and --audience are two ways to log on', 'give one of them');
  if (keyFile !== undefined) return keyFileCredentials(keyFile);
  if (audience !== undefined) return entraCredentials(audience);
  if (env.MQTTBRIDGE_KEY_FILE) return keyFileCredentials(env.MQTTBRIDGE_KEY_FILE);
  if (env.MQTTBRIDGE_AUDIENCE) return entraCredentials(env.MQTTBRIDGE_AUDIENCE);
  throw new UsageError('there is nothing to log on with', 'give --key-file FILE, or --audience after az login');
}
