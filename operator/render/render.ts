import { API_VERSION } from '../../shared/resources/metadata.ts';
import type { Connector } from '../../shared/resources/connector.ts';
import { accessOf, serviceAccountOf } from './access.ts';
import { HTTP_PORT } from './container.ts';
import type { HeadlessService, KubernetesObject, ObjectMeta, PodDisruptionBudget, StatefulSet } from './kubernetes.ts';
import { CONNECTOR_ANNOTATION, labelsOf, selectorOf } from './labels.ts';
import { mountsOf } from './mounts.ts';
import { workloadNameOf } from './names.ts';
import { type Obstacle, obstaclesOf } from './obstacles.ts';
import type { ConnectorOwner, RenderOptions } from './options.ts';
import { needsApiServer, needsIdentity, podTemplateOf } from './pod.ts';

/** The objects that run a connector, in the order to apply them; or why there can be none, so that what runs stays. */
export type Rendering =
  | { readonly kind: 'rendered'; readonly objects: readonly KubernetesObject[] }
  | { readonly kind: 'refused'; readonly obstacles: readonly Obstacle[] };

/** Says which objects run a validated connector. The same input gives the same bytes; topic maps are no part of it. */
export function renderConnector(connector: Connector, owner: ConnectorOwner, options: RenderOptions): Rendering {
  const obstacles = obstaclesOf(connector);
  if (obstacles.length > 0) return { kind: 'refused', obstacles };
  const { name } = connector.metadata;
  const metadata = metadataOf(name, owner);
  const { serviceAccountName } = options;
  const apiAccess = needsApiServer(options);
  const clientId = needsIdentity(connector, options) ? options.workloadIdentity?.clientId : undefined;
  return {
    kind: 'rendered',
    objects: [
      ...(serviceAccountName === undefined ? [serviceAccountOf(metadata, { apiAccess, clientId })] : []),
      ...(apiAccess ? accessOf(metadata, name, serviceAccountName) : []),
      serviceOf(metadata, name),
      disruptionBudgetOf(metadata, name),
      statefulSetOf(connector, options, metadata),
    ],
  };
}

function metadataOf(connector: string, { namespace, uid }: ConnectorOwner): ObjectMeta {
  const owner = { apiVersion: API_VERSION, kind: 'MqttBridgeConnector', name: connector, uid };
  return {
    name: workloadNameOf(connector),
    namespace,
    labels: labelsOf(connector),
    annotations: { [CONNECTOR_ANNOTATION]: connector },
    // To hold the owner back would need the right to change its finalizers, where the API server asks for it.
    ownerReferences: [{ ...owner, controller: true }],
  };
}

function serviceOf(metadata: ObjectMeta, connector: string): HeadlessService {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: {
      clusterIP: 'None',
      // What an instance that is not ready has to tell is worth reading most.
      publishNotReadyAddresses: true,
      selector: selectorOf(connector),
      ports: [{ name: 'http', port: HTTP_PORT, targetPort: 'http' }],
    },
  };
}

// A share of a single pod would keep a node from being drained for ever; its broker sessions wait for its return.
function disruptionBudgetOf(metadata: ObjectMeta, connector: string): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorOf(connector) },
    },
  };
}

function statefulSetOf(connector: Connector, options: RenderOptions, metadata: ObjectMeta): StatefulSet {
  const mounts = mountsOf(connector, options);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: {
      replicas: connector.spec.bridgeInstances,
      serviceName: metadata.name,
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      selector: { matchLabels: selectorOf(connector.metadata.name) },
      template: podTemplateOf(connector, options, mounts),
      ...(mounts.volumeClaims.length === 0
        ? {}
        : {
            persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
            volumeClaimTemplates: mounts.volumeClaims,
          }),
    },
  };
}
