import { join } from 'node:path';
import type { Container, EnvVar } from '../../../../operator/render/kubernetes.ts';

/** What a container's command line depends on besides the container. */
export interface CommandContext {
  readonly ordinal: number;
  /** Folder that plays the container's root. */
  readonly root: string;
  /** Port on loopback that stands for the container's own. */
  readonly port: number;
  /** Stands for the service account's mount; undefined where it is not mounted. */
  readonly access: { readonly kubeconfig: string; readonly namespace: string } | undefined;
}

/** The command line as the kubelet would give it, with paths below the root and a port of this machine. */
export function argumentsOf(
  // The API server leaves out lists that are empty.
  container: Pick<Container, 'args'> & Partial<Pick<Container, 'env'>>,
  context: CommandContext,
): string[] {
  const { ordinal, root, port, access } = context;
  const variables = new Map((container.env ?? []).map((variable) => [variable.name, valueOf(variable, ordinal)]));
  const args = container.args.map((arg) => {
    const [flag, value] = split(expanded(arg, variables));
    if (flag === '--http') return `--http=127.0.0.1:${port}`;
    return value?.startsWith('/') ? `${flag}=${join(root, value)}` : expanded(arg, variables);
  });
  return [...args, ...(access ? [`--kubeconfig=${access.kubeconfig}`, `--namespace=${access.namespace}`] : [])];
}

function valueOf({ name, value, valueFrom }: EnvVar, ordinal: number): string {
  if (value !== undefined) return value;
  const { fieldPath } = (valueFrom?.['fieldRef'] ?? {}) as { readonly fieldPath?: string };
  if (fieldPath === "metadata.labels['apps.kubernetes.io/pod-index']") return String(ordinal);
  throw new Error(`the kubelet of tests does not know where ${name} comes from`);
}

/** `$(NAME)` is replaced where there is such a variable, `$$` is one `$`. */
function expanded(arg: string, variables: ReadonlyMap<string, string>): string {
  return arg.replaceAll(/\$\$|\$\(([A-Za-z_]\w*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? whole),
  );
}

function split(arg: string): readonly [flag: string, value?: string] {
  const at = arg.indexOf('=');
  return at === -1 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)];
}
