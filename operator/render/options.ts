import type { Affinity, EnvVar, IdentitySidecar, PullPolicy, Resources, Toleration } from './kubernetes.ts';

/** What an installation decides for all connectors. */
export interface RenderOptions {
  /** Image of this project: for connectors that name none, or that of the product they were written for. */
  readonly image: {
    readonly repository: string;
    readonly tag: string;
    readonly pullPolicy?: PullPolicy;
    /** Used beside the one a connector names. */
    readonly pullSecrets?: readonly string[];
  };
  /** Where agents get their definition from. */
  readonly definition: Definition;
  /** The token for the local broker. */
  readonly localToken?: {
    /** Default: that of the broker generation which knows the connector's method. */
    readonly audience?: string;
    /** At least 600; default a day. */
    readonly expirationSeconds?: number;
  };
  /** The container that answers token requests for the Arc extension's identity, for pods that need tokens. */
  readonly identitySidecar?: IdentitySidecar;
  /** ARM resource ID of the Arc extension. */
  readonly extensionResourceId?: string;
  /** Application or managed identity federated with the service account, for pods that need tokens. */
  readonly workloadIdentity?: { readonly clientId: string };
  readonly resources?: Resources;
  /** User and group of the process; default 65532. */
  readonly userId?: number;
  /** Service account of all pods, made by somebody else; default one per connector. */
  readonly serviceAccountName?: string;
  readonly pods?: PodOptions;
}

/** What all pods have beside what their connector asks for. */
export interface PodOptions {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: Affinity;
  readonly tolerations?: readonly Toleration[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly extraEnv?: readonly EnvVar[];
}

/** Where the definition of a connector comes from. */
export type Definition = KubernetesDefinition | ControlPlaneDefinition;

/**
 * Agents watch their own connector and the topic maps of the namespace, and write their entry of the status; with any
 * other definition only a sidecar can make it necessary that their pods have credentials for the API server.
 */
export interface KubernetesDefinition {
  readonly kind: 'kubernetes';
  readonly storage?: DefinitionStorage;
}

/** The definition comes from a control plane. */
export interface ControlPlaneDefinition {
  readonly kind: 'control-plane';
  readonly url: string;
  readonly site: string;
  readonly logOn:
    | { readonly kind: 'key'; readonly secretName: string; readonly key: string }
    | { readonly kind: 'identity'; readonly audience: string };
  readonly storage?: DefinitionStorage;
}

/** A claim for the last good definition, which is otherwise gone with the pod. */
export interface DefinitionStorage {
  readonly size: string;
  readonly storageClassName?: string;
}

/** The connector's object in the cluster, which all others go away with. */
export interface ConnectorOwner {
  readonly namespace: string;
  readonly uid: string;
}
