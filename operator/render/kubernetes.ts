/** The metadata of an object that the operator applies. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly OwnerReference[];
}

/** Who an object goes away with. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

/** One object of a connector's workload, complete but for what the API server fills in. */
export type KubernetesObject =
  | ServiceAccount
  | Role
  | RoleBinding
  | HeadlessService
  | PodDisruptionBudget
  | StatefulSet;

interface Typed<V extends string, K extends string> {
  readonly apiVersion: V;
  readonly kind: K;
  readonly metadata: ObjectMeta;
}

/** Who the pods are. */
export interface ServiceAccount extends Typed<'v1', 'ServiceAccount'> {
  readonly automountServiceAccountToken: boolean;
}

/** What the pods may do at the API server. */
export interface Role extends Typed<'rbac.authorization.k8s.io/v1', 'Role'> {
  readonly rules: readonly PolicyRule[];
}

/** What a role allows. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Gives the role to the service account. */
export interface RoleBinding extends Typed<'rbac.authorization.k8s.io/v1', 'RoleBinding'> {
  readonly roleRef: { readonly apiGroup: string; readonly kind: 'Role'; readonly name: string };
  readonly subjects: readonly { readonly kind: 'ServiceAccount'; readonly name: string; readonly namespace: string }[];
}

/** The governing Service of the StatefulSet; metrics are scraped through it. */
export interface HeadlessService extends Typed<'v1', 'Service'> {
  readonly spec: {
    readonly clusterIP: 'None';
    readonly publishNotReadyAddresses: boolean;
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
  };
}

/** How many pods may be evicted at once. */
export interface PodDisruptionBudget extends Typed<'policy/v1', 'PodDisruptionBudget'> {
  readonly spec: {
    readonly maxUnavailable: number;
    readonly unhealthyPodEvictionPolicy: 'AlwaysAllow';
    readonly selector: LabelSelector;
  };
}

/** The pods. */
export interface StatefulSet extends Typed<'apps/v1', 'StatefulSet'> {
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly podManagementPolicy: 'Parallel';
    readonly updateStrategy: { readonly type: 'RollingUpdate' };
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted: 'Delete'; readonly whenScaled: 'Delete' };
    readonly volumeClaimTemplates?: readonly VolumeClaim[];
  };
}

interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
}

/** What a pod is made from. */
export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: PodSpec;
}

/** What a pod is. */
export interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: { readonly fsGroup: number; readonly seccompProfile: { readonly type: 'RuntimeDefault' } };
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly tolerations?: readonly Toleration[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: Affinity;
  readonly topologySpreadConstraints: readonly {
    readonly maxSkew: number;
    readonly topologyKey: string;
    readonly whenUnsatisfiable: 'ScheduleAnyway';
    readonly labelSelector: LabelSelector;
  }[];
  readonly containers: readonly (Container | IdentitySidecar)[];
  readonly volumes: readonly Volume[];
}

/** A taint of a node that a pod bears. */
export interface Toleration {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

/** Taken over as the installation wrote it. */
export type Affinity = Readonly<Record<string, unknown>>;

/** The container of the agent. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: PullPolicy;
  readonly args: readonly string[];
  readonly env: readonly EnvVar[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: Resources;
  readonly securityContext: SecurityContext;
  readonly volumeMounts: readonly VolumeMount[];
}

/** A container that is taken over as somebody else wrote it. */
export interface IdentitySidecar {
  readonly name: string;
  readonly image: string;
  readonly [field: string]: unknown;
}

/** When the kubelet pulls an image. */
export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never';

/** An environment variable; those of the installation are taken over as they are. */
export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: Readonly<Record<string, unknown>>;
}

/** A question the kubelet asks by HTTP; seconds. */
export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

/** Kubernetes quantities by resource. */
export interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

/** What the Pod Security Standard `restricted` asks for, and a root file system nobody can write. */
export interface SecurityContext {
  readonly allowPrivilegeEscalation: false;
  readonly capabilities: { readonly drop: readonly ['ALL'] };
  readonly privileged: false;
  readonly readOnlyRootFilesystem: true;
  readonly runAsNonRoot: true;
  readonly runAsUser: number;
  readonly runAsGroup: number;
  readonly seccompProfile: { readonly type: 'RuntimeDefault' };
}

/** Where a container sees a volume. */
export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: true;
}

/** A volume of one of the kinds used here; modes are decimal as in JSON. */
export type Volume = { readonly name: string } & (
  | { readonly emptyDir: { readonly medium?: 'Memory'; readonly sizeLimit: string } }
  | {
      readonly secret: { readonly secretName: string; readonly optional: boolean; readonly defaultMode: number };
    }
  | { readonly configMap: { readonly name: string; readonly optional: boolean; readonly defaultMode: number } }
  | { readonly projected: { readonly defaultMode: number; readonly sources: readonly ServiceAccountToken[] } }
);

interface ServiceAccountToken {
  readonly serviceAccountToken: {
    readonly audience: string;
    readonly expirationSeconds: number;
    readonly path: string;
  };
}

/** A claim that the StatefulSet makes for each pod. */
export interface VolumeClaim {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly accessModes: readonly ['ReadWriteOnce'];
    readonly storageClassName?: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}
