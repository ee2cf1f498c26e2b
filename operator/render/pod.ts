import { authenticationOf } from '../../shared/resources/authentication.ts';
import type { Connector } from '../../shared/resources/connector.ts';
import { containerOf, DEFAULT_USER_ID } from './container.ts';
import type { IdentitySidecar, PodSpec, PodTemplate, Toleration } from './kubernetes.ts';
import { CONNECTOR_ANNOTATION, labelsOf, selectorOf } from './labels.ts';
import type { Mounts } from './mounts.ts';
import { workloadNameOf } from './names.ts';
import type { RenderOptions } from './options.ts';

/** More than the 18 s that an agent takes at most to finish what it has in flight. */
export const TERMINATION_GRACE_S = 30;

/**
 * What the pods of a connector are made from. Only what a process cannot take up while it runs is in it: a change of
 * routes, sessions, endpoints or the number of instances gives the same template, and restarts nothing.
 */
export function podTemplateOf(connector: Connector, options: RenderOptions, mounts: Mounts): PodTemplate {
  const { name } = connector.metadata;
  const federated = options.workloadIdentity !== undefined && needsIdentity(connector, options);
  const labels = {
    ...options.pods?.labels,
    ...labelsOf(name),
    ...(federated ? { 'azure.workload.identity/use': 'true' } : {}),
  };
  return {
    metadata: {
      labels,
      annotations: {
        ...options.pods?.annotations,
        [CONNECTOR_ANNOTATION]: name,
      },
    },
    spec: podSpecOf(connector, options, mounts),
  };
}

/** Whether a pod asks for tokens of Microsoft Entra. */
export function needsIdentity(connector: Connector, { definition }: RenderOptions): boolean {
  if (authenticationOf(connector, 'remote').kind === 'managedIdentity') return true;
  return definition.kind === 'control-plane' && definition.logOn.kind === 'identity';
}

/** Whether a pod asks the API server itself. */
export function needsApiServer({ definition }: RenderOptions): boolean {
  return definition.kind === 'kubernetes';
}

function podSpecOf(connector: Connector, options: RenderOptions, { volumes, volumeMounts }: Mounts): PodSpec {
  const { name } = connector.metadata;
  const pullSecrets = pullSecretsOf(connector, options);
  const tolerations = [...tolerationsOf(connector), ...(options.pods?.tolerations ?? [])];
  const { nodeSelector = {}, affinity = {} } = options.pods ?? {};
  const sidecars = sidecarsOf(connector, options);
  return {
    serviceAccountName: options.serviceAccountName ?? workloadNameOf(name),
    // The sidecar of Azure Arc reads its token at the API server, by rights that the extension manager gives.
    automountServiceAccountToken: needsApiServer(options) || sidecars.length > 0,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_S,
    // What would also bind the sidecar, which has to change the pod's network rules, is said at the container.
    securityContext: { fsGroup: options.userId ?? DEFAULT_USER_ID, seccompProfile: { type: 'RuntimeDefault' } },
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets }),
    ...(tolerations.length === 0 ? {} : { tolerations }),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
    ...(Object.keys(affinity).length === 0 ? {} : { affinity }),
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: selectorOf(name) },
      },
    ],
    containers: [containerOf(connector, options, volumeMounts), ...sidecars],
    volumes,
  };
}

function sidecarsOf(connector: Connector, options: RenderOptions): readonly IdentitySidecar[] {
  const { identitySidecar } = options;
  return identitySidecar !== undefined && needsIdentity(connector, options) ? [identitySidecar] : [];
}

function pullSecretsOf({ spec: { image } }: Connector, options: RenderOptions): readonly { readonly name: string }[] {
  const own = image?.pullSecrets === undefined ? [] : [image.pullSecrets];
  return [...new Set([...own, ...(options.image.pullSecrets ?? [])])].map((name) => ({ name }));
}

function tolerationsOf({ spec: { nodeTolerations } }: Connector): readonly Toleration[] {
  if (nodeTolerations === undefined) return [];
  const { effect, key, operator, value } = nodeTolerations;
  // The original requires all four fields, Kubernetes refuses a value beside Exists.
  const relation = operator === 'Exists' ? ({ operator } as const) : ({ operator: 'Equal', value } as const);
  return [{ ...(key === '' ? {} : { key }), ...relation, ...(effect === '' ? {} : { effect }) }];
}
