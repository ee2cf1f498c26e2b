import { shortNameOf } from './names.ts';

/** Annotation with the whole name of the connector, whatever its length. */
export const CONNECTOR_ANNOTATION = 'mq.iotoperations.azure.com/connector';

/** Label with the name of whoever applies an object. */
export const MANAGED_BY = 'app.kubernetes.io/managed-by';
/** Selects all that the operator has applied. */
export const OWNED_SELECTOR = `${MANAGED_BY}=mqttbridge-operator`;

/** What tells the pods of a connector from all others; cannot change once a StatefulSet has it. */
export function selectorOf(connector: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/instance': shortNameOf(connector), 'app.kubernetes.io/name': 'mqttbridge' };
}

/** Labels of all objects of a connector; `app` is what the original's documentation selects pods by. */
export function labelsOf(connector: string): Readonly<Record<string, string>> {
  return {
    app: 'aio-mq-mqttbridge',
    'app.kubernetes.io/component': 'agent',
    ...selectorOf(connector),
    [MANAGED_BY]: 'mqttbridge-operator',
    'app.kubernetes.io/part-of': 'mqttbridge',
  };
}
