import type { Authentication } from '../resources/authentication.ts';
import type { Connector } from '../resources/connector.ts';
import { VAULT_FIXES } from './key-vault.ts';
import type { Permission, Situation } from './situation.ts';

/** Most that Event Grid allows for "Maximum client sessions per authentication name". */
export const MOST_SESSIONS = 100;

/** A setting of the connector, by its path. */
export function setting(path: string, value: string): string {
  return `${path}: ${value}`;
}

/** Raises the number of sessions that an identity may have at an Event Grid namespace. */
export function raiseSessions({ namespace }: Situation, sessions: number | string): string {
  return `az eventgrid namespace update --resource-group GROUP --name ${namespace} --topic-spaces-configuration "{maximumClientSessionsPerAuthenticationName:${sessions}}"`;
}

/** Raises what all clients of an Event Grid namespace together may send and receive. */
export function raiseUnits({ namespace }: Situation): string {
  return `az eventgrid namespace update --resource-group GROUP --name ${namespace} --sku "{name:Standard,capacity:UNITS}"`;
}

/** Shows the host name of an Event Grid namespace that speaks MQTT. */
export function showHost({ namespace }: Situation): string {
  return `az eventgrid namespace show --resource-group GROUP --name ${namespace} --query topicSpacesConfiguration.hostname --output tsv`;
}

/** Permits an identity to publish or subscribe by the topics of one topic space. */
export function assignRole(situation: Situation, permission: Permission): string {
  const space = `/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.EventGrid/namespaces/${situation.namespace}/topicSpaces/TOPICSPACE`;
  return `az role assignment create --role "EventGrid TopicSpaces ${permission}" --assignee ${assignee(situation)} --scope ${space}`;
}

/** Permits clients with certificates the same. */
export function bindPermission({ namespace }: Situation, permission: Permission): string {
  return `az eventgrid namespace permission-binding create --resource-group GROUP --namespace-name ${namespace} --name BINDING --client-group-name '$all' --topic-space-name TOPICSPACE --permission ${permission}`;
}

/** Makes a certificate known to an Event Grid namespace, as a client named by the certificate's subject. */
export function registerClient({ namespace }: Situation): string {
  return `az eventgrid namespace client create --resource-group GROUP --namespace-name ${namespace} --name CLIENT --authentication-name SUBJECT --client-certificate-authentication "{validationScheme:SubjectMatchesAuthenticationName}"`;
}

/** Lets a namespace take the name of a client from its certificate: the bridge sends no user name with one. */
export function nameBySubject({ namespace }: Situation): string {
  return `az eventgrid namespace update --resource-group GROUP --name ${namespace} --topic-spaces-configuration "{clientAuthentication:{alternativeAuthenticationNameSources:[ClientCertificateSubject]}}"`;
}

/** Shows the principal of the identity that the bridge uses: an extension's, or a federated one. */
export function showPrincipal({ authentication, context }: Situation): string {
  if (context.federated === true) {
    return 'az identity show --resource-group GROUP --name IDENTITY --query principalId --output tsv';
  }
  const name = authentication.kind === 'managedIdentity' ? authentication.extensionName : undefined;
  return `az k8s-extension show --resource-group GROUP --cluster-name CLUSTER --cluster-type connectedClusters --name ${name ?? 'EXTENSION'} --query identity.principalId --output tsv`;
}

/** Shows what the identity of the bridge rests on. */
export function showIdentity(situation: Situation): string {
  return situation.context.federated === true
    ? 'az identity federated-credential list --resource-group GROUP --identity-name IDENTITY'
    : showPrincipal(situation);
}

/** Gives client IDs another root: the ID of an extension takes the place of the prefix, and then the name tells two apart. */
export function renameClients({ connector, context }: Situation, suffix: string): string {
  if (context.clientId?.startsWith('/') === true)
    return setting('metadata.name', `${connector.metadata.name}-${suffix}`);
  const prefix = connector.spec.clientIdPrefix.replace(/-+$/, '') || 'PREFIX';
  return setting('spec.clientIdPrefix', `${prefix}-${suffix}`);
}

/** Shows the containers of the agent's pod, its identity sidecar and its mounts. */
export function describePod({ metadata }: Connector): string {
  const namespace = metadata.namespace === undefined ? '' : ` --namespace ${metadata.namespace}`;
  return `kubectl describe pod POD${namespace}`;
}

/** Replaces a Secret by files beside the operator. */
export function replaceSecret(connector: Connector, name: string, keys: readonly string[]): string {
  return replaceObject(connector, `secret generic ${name}`, keys);
}

/** Replaces the ConfigMap with trusted certificates. */
export function replaceConfigMap(connector: Connector, name: string): string {
  return replaceObject(connector, `configmap ${name}`, ['ca.crt']);
}

/** Renews what a client certificate comes from; undefined for other ways to log on. */
export function renewCertificate(connector: Connector, authentication: Authentication): string | undefined {
  if (authentication.kind === 'x509') return replaceSecret(connector, authentication.secretName, CERTIFICATE_KEYS);
  if (authentication.kind !== 'x509KeyVault') return undefined;
  const { keyVault } = authentication;
  return VAULT_FIXES.CertificateExpired(keyVault, keyVault.vaultCert.name);
}

/** Keys of a Secret with a client certificate that must be there. */
export const CERTIFICATE_KEYS: readonly string[] = ['client_cert.pem', 'client_key.pem'];

function replaceObject({ metadata }: Connector, object: string, keys: readonly string[]): string {
  const namespace = metadata.namespace === undefined ? '' : ` --namespace ${metadata.namespace}`;
  const files = keys.map((key) => ` --from-file=${key}`).join('');
  return `kubectl create ${object}${namespace}${files} --dry-run=client --output yaml | kubectl apply${namespace} --filename -`;
}

function assignee(situation: Situation): string {
  return situation.context.objectId ?? `"$(${showPrincipal(situation)})"`;
}
