import { type Authentication, authenticationOf } from '../../shared/resources/authentication.ts';
import type { Connector } from '../../shared/resources/connector.ts';
import { fails, type Finding } from './finding.ts';
import { listing } from './listing.ts';

/** A Secret or ConfigMap that a connector names. */
export interface Need {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  /** Keys it must have; a ConfigMap of certificates may name them as it likes. */
  readonly keys: readonly string[];
}

/** What is known of a Secret or ConfigMap; nothing where the operator may not read it. */
export type Presence =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'present'; readonly keys: readonly string[] };

/** What a connector needs, each object once, in the order of kind and name. */
export function needsOf(connector: Connector): readonly Need[] {
  const { localBrokerConnection: local, remoteBrokerConnection: remote } = connector.spec;
  const secrets = [authenticationOf(connector, 'local'), authenticationOf(connector, 'remote')].flatMap(secretNeed);
  const configMaps = [local.tls.trustedCaCertificateConfigMap, remote.tls.trustedCaCertificateConfigMap].flatMap(
    (name): Need[] => (name === undefined ? [] : [{ kind: 'ConfigMap', name, keys: [] }]),
  );
  const merged = Map.groupBy([...configMaps, ...secrets], ({ kind, name }) => `${kind}/${name}`);
  return [...merged]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, [first, ...others]]) => {
      if (first === undefined) return [];
      return [{ ...first, keys: [...new Set([first, ...others].flatMap(({ keys }) => keys))] }];
    });
}

function secretNeed(method: Authentication): Need[] {
  switch (method.kind) {
    case 'usernamePassword':
      return [{ kind: 'Secret', name: method.secretName, keys: ['username', 'password'] }];
    case 'x509':
      return [{ kind: 'Secret', name: method.secretName, keys: ['client_cert.pem', 'client_key.pem'] }];
    case 'x509KeyVault': {
      const name = method.keyVault.vault.credentials.servicePrincipalLocalSecretName;
      return [{ kind: 'Secret', name, keys: ['clientid', 'clientsecret'] }];
    }
    case 'anonymous':
    case 'kubernetes':
    case 'managedIdentity':
      return [];
  }
}

const MAX_COMMANDS = 600;

/** What is wrong with the first object that is; undefined when nothing is known to be. */
export function needFault(
  needs: readonly Need[],
  presenceOf: (need: Need) => Presence,
  namespace: string,
): Finding | undefined {
  const missing = needs.filter((need) => presenceOf(need).kind === 'missing');
  const [first] = missing;
  if (first !== undefined) {
    const names = listing(missing.map(({ kind, name }) => `${kind} ${name}`));
    const is = missing.length === 1 ? 'does not exist' : 'do not exist';
    return fails(
      `${first.kind}Missing`,
      `${names} ${is} in namespace ${namespace}.`,
      `Try: ${commands(missing, namespace)}`,
    );
  }
  for (const need of needs) {
    const presence = presenceOf(need);
    const fault = presence.kind === 'present' ? keyFault(need, presence.keys, namespace) : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function keyFault(need: Need, keys: readonly string[], namespace: string): Finding | undefined {
  const { kind, name } = need;
  if (kind === 'ConfigMap') {
    if (keys.length > 0) return undefined;
    return fails('ConfigMapEmpty', `ConfigMap ${name} in namespace ${namespace} has no keys.`);
  }
  const missing = need.keys.filter((key) => !keys.includes(key));
  if (missing.length === 0) return undefined;
  const what = `Secret ${name} in namespace ${namespace} has no key ${missing.join(' and no key ')}.`;
  const replaced = `${command(need, namespace)} --dry-run=client -o yaml | kubectl apply -f -`;
  return fails('SecretKeyMissing', what, `Try: ${replaced}`);
}

/** As many as a message holds; the others are told when these are there. */
function commands(needs: readonly Need[], namespace: string): string {
  return needs
    .map((need) => command(need, namespace))
    .reduce((all, next) => (all.length + next.length > MAX_COMMANDS ? all : `${all} && ${next}`));
}

/** The command that makes an object with the right keys. */
function command({ kind, name, keys }: Need, namespace: string): string {
  if (kind === 'ConfigMap') return `kubectl create configmap ${name} -n ${namespace} --from-file=ca.crt`;
  const sources = keys.map((key) => (key.endsWith('.pem') ? `--from-file=${key}` : `--from-literal=${key}=VALUE`));
  return `kubectl create secret generic ${name} -n ${namespace} ${sources.join(' ')}`;
}
