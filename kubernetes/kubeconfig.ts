import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { AccessError, checkedPem, checkedToken, type ClusterAccess, pemIn, tokenIn } from './access.ts';
import { readBounded } from './bounded-file.ts';

/** A kubeconfig, as kubectl has it: a file, or its text with the folder that relative paths in it begin at. */
export type Kubeconfig = { readonly path: string } | { readonly text: string; readonly folder: string };

const MAX_BYTES = 4 * 1024 * 1024;

/** kubectl takes an empty text for none. */
const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

const CLUSTER = z.object({
  server: text,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'proxy-url': text,
});
const USER = z.object({
  token: text,
  tokenFile: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  username: text,
  password: text,
  as: text,
  'as-uid': text,
  'as-groups': z.unknown().optional(),
  'as-user-extra': z.unknown().optional(),
  exec: z.unknown().optional(),
  'auth-provider': z.unknown().optional(),
});
const CONTEXT = z.object({ cluster: text, user: text, namespace: text });
const FILE = z.object({
  'current-context': text,
  clusters: z.array(z.object({ name: z.string(), cluster: CLUSTER })).nullish(),
  users: z.array(z.object({ name: z.string(), user: USER.nullish() })).nullish(),
  contexts: z.array(z.object({ name: z.string(), context: CONTEXT })).nullish(),
});

type Cluster = z.infer<typeof CLUSTER>;
type User = z.infer<typeof USER>;

/** Access as a kubeconfig says, by the context that is named or the current one; rejects with AccessError. */
export async function kubeconfigAccess(source: Kubeconfig, contextName?: string): Promise<ClusterAccess> {
  const folder = 'path' in source ? dirname(resolve(source.path)) : source.folder;
  const file = parsed('path' in source ? await textOf(source.path) : source.text);
  const name = contextName ?? file['current-context'];
  if (name === undefined) throw new AccessError('the kubeconfig has no current-context');
  const { context } = named(file.contexts, name, 'context');
  if (context.cluster === undefined) throw new AccessError(`context ${name} of the kubeconfig names no cluster`);
  const { cluster } = named(file.clusters, context.cluster, 'cluster');
  const user = context.user === undefined ? undefined : named(file.users, context.user, 'user').user;
  const at = (path: string) => resolve(folder, path);
  const authority = authorityOf(cluster, context.cluster, at);
  const proof = proofOf(user ?? USER.parse({}), context.user ?? '', at);
  const credentials = async () => ({ ca: await authority(), ...(await proof()) });
  await credentials();
  return {
    server: serverOf(cluster, context.cluster),
    serverName: cluster['tls-server-name'],
    namespace: context.namespace,
    credentials,
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readBounded(path, MAX_BYTES);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new AccessError(`the kubeconfig ${path} cannot be read: ${code ?? message}`);
  }
}

/** Neither YAML nor zod may quote the text: it has keys and tokens in it. */
function parsed(source: string): z.infer<typeof FILE> {
  const document = parseDocument(source, { prettyErrors: false, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = source.slice(0, error.pos[0]).split('\n').length;
    throw new AccessError(`the kubeconfig is no YAML: ${error.code} in line ${line}`);
  }
  const result = FILE.safeParse(valueOf(() => document.toJS()));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new AccessError(`the kubeconfig is not as expected at ${issue?.path.join('.') || 'its root'}`);
}

function valueOf(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    throw new AccessError('the kubeconfig has aliases that cannot be resolved');
  }
}

function named<T extends { readonly name: string }>(
  list: readonly T[] | null | undefined,
  name: string,
  what: string,
): T {
  const found = list?.find((each) => each.name === name);
  if (found === undefined) throw new AccessError(`the kubeconfig has no ${what} ${name}`);
  return found;
}

function serverOf({ server, 'proxy-url': proxy }: Cluster, name: string): URL {
  const url = server !== undefined && URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined) throw new AccessError(`cluster ${name} of the kubeconfig has no URL as its server`);
  if (url.protocol !== 'https:') {
    throw new AccessError(`the server of cluster ${name} is not https: credentials would be readable on the way`);
  }
  if (url.username || url.password) throw new AccessError(`the server of cluster ${name} has a user in its URL`);
  if (proxy !== undefined) throw new AccessError(`cluster ${name} has a proxy-url, which is not supported`);
  return url;
}

type PathResolver = (path: string) => string;

function authorityOf(cluster: Cluster, name: string, at: PathResolver): () => Promise<string | undefined> {
  if (cluster['insecure-skip-tls-verify']) {
    throw new AccessError(
      `cluster ${name} has insecure-skip-tls-verify: credentials would go to whoever answers; give its certificate-authority instead`,
    );
  }
  const { 'certificate-authority': path, 'certificate-authority-data': data } = cluster;
  if (data !== undefined) {
    const pem = decoded(data, `certificate-authority-data of cluster ${name}`);
    return async () => pem;
  }
  return async () => (path === undefined ? undefined : pemIn(at(path)));
}

interface Proof {
  readonly token: string | undefined;
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
}

const NOT_SUPPORTED = [
  'exec',
  'auth-provider',
  'username',
  'password',
  'as',
  'as-uid',
  'as-groups',
  'as-user-extra',
] as const;

function proofOf(user: User, name: string, at: PathResolver): () => Promise<Proof> {
  // Going on without them would be asking as somebody else than the file says.
  const refused = NOT_SUPPORTED.find((field) => user[field] !== undefined && user[field] !== null);
  if (refused !== undefined) {
    throw new AccessError(
      `user ${name} of the kubeconfig has ${refused}, which is not supported: use a token (kubectl create token), a tokenFile or a client certificate`,
    );
  }
  const token = tokenOf(user, name, at);
  const cert = pemOf(user, name, { field: 'client-certificate', at });
  const key = pemOf(user, name, { field: 'client-key', at });
  if ((cert === undefined) !== (key === undefined)) {
    throw new AccessError(`user ${name} of the kubeconfig has a client certificate or a key without the other`);
  }
  return async () => ({
    token: await token(),
    certificate: cert && key ? { cert: await cert(), key: await key() } : undefined,
  });
}

/** A tokenFile counts more than a token, as for kubectl. */
function tokenOf({ token, tokenFile }: User, name: string, at: PathResolver): () => Promise<string | undefined> {
  if (tokenFile !== undefined) return () => tokenIn(at(tokenFile));
  const checked = token === undefined ? undefined : checkedToken(token.trim(), `the token of user ${name}`);
  return async () => checked;
}

function pemOf(
  user: User,
  name: string,
  { field, at }: { readonly field: 'client-certificate' | 'client-key'; readonly at: PathResolver },
): (() => Promise<string>) | undefined {
  const { [`${field}-data` as const]: data, [field]: path } = user;
  if (data !== undefined) {
    const pem = decoded(data, `${field}-data of user ${name}`);
    return async () => pem;
  }
  return path === undefined ? undefined : () => pemIn(at(path));
}

function decoded(base64: string, from: string): string {
  return checkedPem(Buffer.from(base64, 'base64').toString('utf8'), from);
}
