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
  readonly kubernetes?: boolean;
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly data: string;
}

/** The API server of a cluster, and what this agent runs of it. */
export interface KubernetesOrigin {
  readonly kind: 'kubernetes';
  readonly connector: string;
  /** That of the service account or of the kubeconfig when absent. */
  readonly namespace?: string;
  /** The service account of the pod is used when absent. */
  readonly kubeconfig?: string;
  readonly dataDir: string;
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
  | ControlPlaneOrigin
  | KubernetesOrigin;

/** Reads the options; throws UsageError when they name no origin, or more than one. */
export function originOf(flags: OriginFlags): ConfigOrigin {
  const kind = chosen(flags);
  const alone = PARTS_OF.find(([of, flag]) => of !== kind && flags[flag] !== undefined);
  if (alone !== undefined) {
    throw new UsageError(`${OPTIONS[alone[1]]} has no meaning with ${OPTIONS[kind]}`, 'leave it out');
  }
  const { filename = [], controlPlane = '', connector, namespace, kubeconfig, data } = flags;
  if (kind === 'controlPlane') return controlPlaneOf(controlPlane, flags);
  if (kind === 'filename') return { kind: 'files', paths: filename, ...(connector === undefined ? {} : { connector }) };
  return {
    kind,
    connector: named(flags, kind, 'connector', resourceName),
    ...(namespace === undefined ? {} : { namespace: named(flags, kind, 'namespace', resourceName) }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    dataDir: data,
  };
}

const KINDS = ['filename', 'controlPlane', 'kubernetes'] as const;
type Kind = (typeof KINDS)[number];

/** Options that mean something with one kind of origin only. */
const PARTS_OF = [
  ['controlPlane', 'site'],
  ['controlPlane', 'controlPlaneKeyFile'],
  ['controlPlane', 'controlPlaneAudience'],
  ['kubernetes', 'namespace'],
  ['kubernetes', 'kubeconfig'],
] as const;

function chosen(flags: OriginFlags): Kind {
  const [kind, other] = KINDS.filter((each) => flags[each] !== undefined && flags[each] !== false);
  if (kind === undefined) {
    throw new UsageError(
      'the configuration is missing',
      'give -f PATH, or --control-plane URL with --site, --connector and --control-plane-key-file, or --kubernetes with --connector',
    );
  }
  if (other === undefined) return kind;
  throw new UsageError(`${OPTIONS[kind]} and ${OPTIONS[other]} exclude each other`, 'leave one of them out');
}

const OPTIONS = {
  filename: '-f',
  controlPlane: '--control-plane',
  kubernetes: '--kubernetes',
  namespace: '--namespace',
  kubeconfig: '--kubeconfig',
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
    site: named(flags, 'controlPlane', 'site', siteName),
    connector: named(flags, 'controlPlane', 'connector', resourceName),
    logOn: logOnOf(flags),
    dataDir: flags.data,
  };
}

function named(
  flags: OriginFlags,
  kind: Kind,
  flag: 'site' | 'connector' | 'namespace',
  schema: typeof siteName,
): string {
  const value = flags[flag];
  if (value === undefined) {
    throw new UsageError(`${OPTIONS[kind]} needs ${OPTIONS[flag]}`, `give the name that the ${flag} has there`);
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
