import { isObjectName, LABEL_VALUE, QUALIFIED_NAME } from '../../shared/kubernetes-syntax.ts';
import { authenticationOf } from '../../shared/resources/authentication.ts';
import type { Connector } from '../../shared/resources/connector.ts';
import type { PullPolicy } from './kubernetes.ts';

/** Why no pod can be made of a connector that is valid otherwise. */
export interface Obstacle {
  /** Path of the field, such as `spec.image.pullPolicy`. */
  readonly path: string;
  readonly message: string;
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const OPERATORS = ['Exists', 'Equal'];
const EFFECTS = ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'];
/** A name of the distribution specification with the registry before it, and no tag. */
const REPOSITORY =
  /^(?:(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64})$/;
/** Where a folder may be mounted: beside ours and those of Kubernetes and Azure. `/run` and `/var/run` are one in images. */
const TOKEN_ROOT = /^(?:\/var)?\/run\/(?!mqttbridge(?:\/|$)|secrets(?:$|\/(?:kubernetes\.io|azure)(?:\/|$)))/;

/** What the API server or the kubelet would refuse, field by field; empty when pods can be made. */
export function obstaclesOf(connector: Connector): readonly Obstacle[] {
  return [...imageObstacles(connector), ...tolerationObstacles(connector), ...tokenObstacles(connector)];
}

/** Whether Kubernetes knows a pull policy. */
export function isPullPolicy(text: string): text is PullPolicy {
  return PULL_POLICIES.includes(text);
}

function* imageObstacles({ spec: { image } }: Connector): Iterable<Obstacle> {
  if (image === undefined) return;
  const { repository, tag, pullPolicy, pullSecrets } = image;
  if (!REPOSITORY.test(repository))
    yield obstacle('spec.image.repository', `${quote(repository)} is not the name of an image`);
  if (!TAG.test(tag)) yield obstacle('spec.image.tag', `${quote(tag)} is neither a tag nor a digest`);
  if (pullPolicy !== undefined && !isPullPolicy(pullPolicy)) {
    yield obstacle('spec.image.pullPolicy', `${quote(pullPolicy)} is none of ${PULL_POLICIES.join(', ')}`);
  }
  if (pullSecrets !== undefined && !isObjectName(pullSecrets)) {
    yield obstacle('spec.image.pullSecrets', `${quote(pullSecrets)} is not the name of a Secret`);
  }
}

function* tolerationObstacles({ spec: { nodeTolerations } }: Connector): Iterable<Obstacle> {
  if (nodeTolerations === undefined) return;
  const { effect, key, operator, value } = nodeTolerations;
  const at = (field: string) => `spec.nodeTolerations.${field}`;
  if (!OPERATORS.includes(operator)) yield obstacle(at('operator'), `${quote(operator)} is neither Exists nor Equal`);
  if (!EFFECTS.includes(effect))
    yield obstacle(at('effect'), `${quote(effect)} is none of ${EFFECTS.slice(1).join(', ')}`);
  if (key !== '' && !QUALIFIED_NAME.test(key)) yield obstacle(at('key'), `${quote(key)} is not the key of a taint`);
  if (key === '' && operator !== 'Exists') yield obstacle(at('key'), 'without a key the operator must be Exists');
  if (!LABEL_VALUE.test(value) && operator !== 'Exists') {
    yield obstacle(at('value'), `${quote(value)} is not the value of a taint`);
  }
}

// A mount hides what was there: the program, its settings, or another mount. And it must not leave its folder.
function* tokenObstacles(connector: Connector): Iterable<Obstacle> {
  const method = authenticationOf(connector, 'local');
  if (method.kind !== 'kubernetes') return;
  const { secretPath, serviceAccountTokenName: file } = method;
  const at = 'spec.localBrokerConnection.authentication.kubernetes';
  const isPlain = secretPath
    .split('/')
    .slice(1)
    .every((part) => /^(?!\.{1,2}$)[-.\w]{1,255}$/.test(part));
  if (!isPlain || secretPath.length > 4096 || !TOKEN_ROOT.test(secretPath)) {
    yield obstacle(
      `${at}.secretPath`,
      `${quote(secretPath)} cannot be mounted; use a folder of its own below /var/run, such as /var/run/secrets/tokens`,
    );
  }
  if (file.length > 255) yield obstacle(`${at}.serviceAccountTokenName`, 'is longer than 255 characters');
}

function obstacle(path: string, message: string): Obstacle {
  return { path, message };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
