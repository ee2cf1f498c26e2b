import { parseControlPlane } from '../agent/config/control-plane/address.ts';
import { resourceName, siteName } from '../shared/api/names.ts';
import { UsageError } from './usage-error.ts';

/** The options of `run` that say where its configuration comes from. */
export interface OriginFlags {
  readonly filename?: readonly string[];
  readonly connector?: string;
  readonly controlPlane?: string;
  readonly site?: string;
  readonly controlPlaneKeyFile?: string;
  readonly controlPlaneAudience?: string;
  readonly data: string;
}

/** A control plane, and who this agent is to it. */
export interface ControlPlaneOrigin {
  readonly kind: 'controlPlane';
  readonly url: URL;
  readonly site: string;
  readonly connector: string;
  readonly logOn: { readonly keyFile: string } | { readonly audience: string };
  readonly dataDir: string;
}

/** Where a configuration comes from. */
export type ConfigOrigin =
  | { readonly kind: 'files'; readonly paths: readonly string[]; readonly connector?: string }
  | ControlPlaneOrigin;

/** Reads the options; throws UsageError when they name no origin, or more than one. */
export function originOf(flags: OriginFlags): ConfigOrigin {
  const { filename, controlPlane, connector } = flags;
  if (filename !== undefined && controlPlane !== undefined) {
    throw new UsageError('-f and --control-plane exclude each other', 'leave one of them out');
  }
  if (controlPlane !== undefined) return controlPlaneOf(controlPlane, flags);
  if (filename === undefined) {
    throw new UsageError(
      'the configuration is missing',
      'give -f PATH, or --control-plane URL with --site, --connector and --control-plane-key-file',
    );
  }
  const alone = (['site', 'controlPlaneKeyFile', 'controlPlaneAudience'] as const).find((flag) => flags[flag]);
  if (alone !== undefined) throw new UsageError(`${OPTIONS[alone]} has no meaning with -f`, 'leave it out');
  return { kind: 'files', paths: filename, ...(connector === undefined ? {} : { connector }) };
}

const OPTIONS = {
  site: '--site',
  connector: '--connector',
  controlPlaneKeyFile: '--control-plane-key-file',
  controlPlaneAudience: '--control-plane-audience',
} as const;

function controlPlaneOf(text: string, flags: OriginFlags): ControlPlaneOrigin {
  const address = parseControlPlane(text);
  if (address.kind === 'invalid') {
    throw new UsageError(`the URL of --control-plane ${address.why}`, 'write it like https://bridges.example.net');
  }
  return {
    kind: 'controlPlane',
    url: address.base,
    site: named(flags, 'site', siteName),
    connector: named(flags, 'connector', resourceName),
    logOn: logOnOf(flags),
    dataDir: flags.data,
  };
}

function named(flags: OriginFlags, flag: 'site' | 'connector', schema: typeof siteName): string {
  const value = flags[flag];
  if (value === undefined) {
    throw new UsageError(`--control-plane needs ${OPTIONS[flag]}`, `give the name that the ${flag} has there`);
  }
  if (schema.safeParse(value).success) return value;
  throw new UsageError(`"${value}" cannot be the name of a ${flag}`, 'names have lower-case letters, digits and "-"');
}

function logOnOf({ controlPlaneKeyFile: keyFile, controlPlaneAudience: audience }: OriginFlags) {
  if (keyFile !== undefined && audience !== undefined) {
    throw new UsageError(
      '--control-plane-key-file and --control-plane-audience exclude each other',
      'leave one of them out',
    );
  }
  if (keyFile !== undefined) return { keyFile };
  if (audience !== undefined) return { audience };
  throw new UsageError(
    '--control-plane needs --control-plane-key-file or --control-plane-audience',
    'the key of an agent, or the application ID URI of the control plane to log on with an identity',
  );
}
