import { parse } from 'yaml';
import { type OperatorConfig, operatorConfigSchema, withoutEmptyTexts } from '../shared/operator/config.ts';
import type { EnvVar, Resources, Toleration } from './render/kubernetes.ts';
import type { Definition, DefinitionStorage, RenderOptions } from './render/options.ts';

/** What became of the operator's file. */
export type ReadConfig =
  | { readonly kind: 'config'; readonly options: RenderOptions }
  /** One line each: the path of the field and what is wrong. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/** Reads the operator's file, YAML or JSON; never throws. */
export function readOperatorConfig(text: string): ReadConfig {
  try {
    const result = operatorConfigSchema.safeParse(withoutEmptyTexts(parse(text)));
    if (result.success) return { kind: 'config', options: renderOptionsOf(result.data) };
    const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
    return { kind: 'refused', problems };
  } catch (error) {
    return { kind: 'refused', problems: [error instanceof Error ? error.message : String(error)] };
  }
}

function renderOptionsOf(config: OperatorConfig): RenderOptions {
  const { localToken, workloadIdentity, arcExtension, agents = {} } = config;
  return defined({
    image: imageOf(config.image),
    definition: definitionOf(config.definition ?? {}),
    localToken,
    workloadIdentity,
    extensionResourceId: arcExtension?.resourceId,
    identitySidecar: arcExtension?.sidecar,
    resources: agents.resources && resourcesOf(agents.resources),
    userId: agents.userId,
    serviceAccountName: agents.serviceAccountName,
    pods: defined({
      nodeSelector: agents.nodeSelector,
      affinity: agents.affinity,
      tolerations: agents.tolerations as readonly Toleration[] | undefined,
      annotations: agents.podAnnotations,
      labels: agents.podLabels,
      extraEnv: agents.extraEnv as readonly EnvVar[] | undefined,
    }),
  }) as RenderOptions;
}

type Amounts = Readonly<Record<string, string | number>>;

/** YAML reads `cpu: 1` as a number. */
function resourcesOf({
  requests,
  limits,
}: {
  requests?: Amounts | undefined;
  limits?: Amounts | undefined;
}): Resources {
  const texts = (amounts: Amounts | undefined) =>
    amounts && Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));
  return defined({ requests: texts(requests), limits: texts(limits) });
}

function imageOf({ reference, repository = '', tag = '', ...rest }: OperatorConfig['image']): RenderOptions['image'] {
  const named = reference === undefined ? { repository, tag } : split(reference);
  return defined({ ...named, ...rest }) as RenderOptions['image'];
}

/** A colon before a slash belongs to the registry. */
function split(reference: string): { readonly repository: string; readonly tag: string } {
  const digest = reference.indexOf('@');
  const colon = reference.lastIndexOf(':');
  const at = digest >= 0 ? digest : colon > reference.lastIndexOf('/') ? colon : reference.length;
  return { repository: reference.slice(0, at), tag: reference.slice(at + 1) || 'latest' };
}

function definitionOf({ kubernetes, controlPlane }: NonNullable<OperatorConfig['definition']>): Definition {
  if (controlPlane === undefined) {
    return defined({ kind: 'kubernetes', storage: kubernetes?.storage as DefinitionStorage | undefined });
  }
  const { url, site, key, audience = '', storage } = controlPlane;
  const logOn = key === undefined ? ({ kind: 'identity', audience } as const) : ({ kind: 'key', ...key } as const);
  return defined({ kind: 'control-plane', url, site, logOn, storage: storage as DefinitionStorage | undefined });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
