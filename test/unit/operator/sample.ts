import type { Container, KubernetesObject, StatefulSet } from '../../../operator/render/kubernetes.ts';
import type { ConnectorOwner, ControlPlaneDefinition, RenderOptions } from '../../../operator/render/options.ts';
import { renderConnector } from '../../../operator/render/render.ts';
import { type Connector, connectorSchema } from '../../../shared/resources/connector.ts';
import { connectorResource } from '../../support/resources.ts';

export const OWNER: ConnectorOwner = { namespace: 'azure-iot-operations', uid: '0b8a4c1e-6d7f-4f59-9a55-3c1d0f6f2a10' };

export const CONTROL_PLANE: ControlPlaneDefinition = {
  kind: 'control-plane',
  url: 'https://bridges.test',
  site: 'plant-1',
  logOn: { kind: 'key', secretName: 'plant-1-key', key: 'key' },
};

export const OPTIONS: RenderOptions = {
  image: { repository: 'registry.test/mqttbridge', tag: '0.1.0', pullPolicy: 'IfNotPresent' },
  definition: CONTROL_PLANE,
};

/** A connector with defaults applied. */
export function connectorOf(spec: Readonly<Record<string, unknown>> = {}, name = 'bridge'): Connector {
  return connectorSchema.parse(connectorResource(name, spec));
}

/** The objects of a connector that can be rendered. */
export function objectsOf(connector: Connector, options: Partial<RenderOptions> = {}): readonly KubernetesObject[] {
  const rendering = renderConnector(connector, OWNER, { ...OPTIONS, ...options });
  if (rendering.kind === 'refused') throw new RangeError(JSON.stringify(rendering.obstacles));
  return rendering.objects;
}

/** The StatefulSet among them. */
export function statefulSetOf(connector: Connector, options: Partial<RenderOptions> = {}): StatefulSet {
  const found = objectsOf(connector, options).find((object) => object.kind === 'StatefulSet');
  if (found === undefined) throw new RangeError('there is no StatefulSet');
  return found;
}

/** The agent's container in its pods. */
export function agentOf(connector: Connector, options: Partial<RenderOptions> = {}): Container {
  return statefulSetOf(connector, options).spec.template.spec.containers[0] as Container;
}
