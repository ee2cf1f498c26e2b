import type { Connector } from '../../shared/resources/connector.ts';
import type { Container, Probe, PullPolicy, SecurityContext, VolumeMount } from './kubernetes.ts';
import { CONFIGMAPS_DIR, CONTROL_PLANE_KEY_DIR, DATA_DIR, SECRETS_DIR } from './mounts.ts';
import { isPullPolicy } from './obstacles.ts';
import type { Definition, RenderOptions } from './options.ts';

/** Port of /livez /readyz /metrics /status. */
export const HTTP_PORT = 9600;
/** User and group unless the installation says otherwise; what images without a root user commonly have. */
export const DEFAULT_USER_ID = 65_532;
const INSTANCE_VARIABLE = 'MQTTBRIDGE_INSTANCE';
/** The original's bridge: resources written for it name it, and it cannot run what is rendered here. */
const ORIGINAL_REPOSITORY = 'mcr.microsoft.com/azureiotoperations/mqttbridge';
const DEFAULT_RESOURCES = { requests: { cpu: '100m', memory: '96Mi' }, limits: { memory: '512Mi' } };

/** The agent's container. */
export function containerOf(
  connector: Connector,
  options: RenderOptions,
  volumeMounts: readonly VolumeMount[],
): Container {
  const { pullPolicy, reference } = imageOf(connector, options);
  return {
    name: 'mqttbridge',
    image: reference,
    ...(pullPolicy === undefined ? {} : { imagePullPolicy: pullPolicy }),
    args: argsOf(connector, options),
    // Kubernetes 1.28 and later put the ordinal of a StatefulSet's pod into this label.
    env: [
      {
        name: INSTANCE_VARIABLE,
        valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
      },
      ...(options.pods?.extraEnv ?? []),
    ],
    ports: [{ name: 'http', containerPort: HTTP_PORT }],
    startupProbe: probe('/livez', { periodSeconds: 1, failureThreshold: 60 }),
    livenessProbe: probe('/livez', { periodSeconds: 10, failureThreshold: 3 }),
    readinessProbe: probe('/readyz', { periodSeconds: 5, failureThreshold: 2 }),
    resources: options.resources ?? DEFAULT_RESOURCES,
    securityContext: securityContext(options.userId ?? DEFAULT_USER_ID),
    volumeMounts,
  };
}

function imageOf({ spec: { image } }: Connector, options: RenderOptions) {
  const { repository, tag } = image === undefined || image.repository === ORIGINAL_REPOSITORY ? options.image : image;
  const wanted = image?.pullPolicy;
  const pullPolicy: PullPolicy | undefined =
    wanted !== undefined && isPullPolicy(wanted) ? wanted : options.image.pullPolicy;
  return { reference: `${repository}${tag.startsWith('sha256:') ? '@' : ':'}${tag}`, pullPolicy };
}

function argsOf(connector: Connector, { definition, extensionResourceId }: RenderOptions): readonly string[] {
  const literal = [
    ['--http', `0.0.0.0:${HTTP_PORT}`],
    ['--secrets-dir', SECRETS_DIR],
    ['--configmaps-dir', CONFIGMAPS_DIR],
    ...(extensionResourceId === undefined ? [] : [['--extension-resource-id', extensionResourceId]]),
    ['--connector', connector.metadata.name],
    ...definitionArgs(definition),
    ['--data', DATA_DIR],
  ];
  return [
    'run',
    ...(definition.kind === 'kubernetes' ? ['--kubernetes'] : []),
    ...literal.map(([name = '', value = '']) => `${name}=${escapeReferences(value)}`),
    `--instance=$(${INSTANCE_VARIABLE})`,
  ];
}

function definitionArgs(definition: Definition): readonly (readonly string[])[] {
  if (definition.kind === 'kubernetes') return [];
  const { url, site, logOn } = definition;
  const proof =
    logOn.kind === 'key'
      ? ['--control-plane-key-file', `${CONTROL_PLANE_KEY_DIR}/${logOn.key}`]
      : ['--control-plane-audience', logOn.audience];
  return [['--control-plane', url], ['--site', site], proof];
}

/** The kubelet replaces `$(NAME)` in arguments and reads `$$` as `$`. */
function escapeReferences(text: string): string {
  return text.replaceAll('$', () => '$$');
}

function probe(path: string, pace: Pick<Probe, 'periodSeconds' | 'failureThreshold'>): Probe {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 5, ...pace };
}

function securityContext(userId: number): SecurityContext {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: userId,
    runAsGroup: userId,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}
