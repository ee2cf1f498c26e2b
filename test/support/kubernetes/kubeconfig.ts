import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';

/** How one user gets at one cluster, with everything in it that a kubeconfig may leave in other files. */
export interface Entrance {
  /** Name of the context; for people. */
  readonly context: string;
  readonly server: string;
  /** PEM; without it the authorities that Node knows vouch for the server. */
  readonly ca: string | undefined;
  readonly user: EntranceUser;
}

/** By bearer token, or by client certificate and key as PEM. */
export type EntranceUser =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'certificate'; readonly certificate: string; readonly key: string };

type Entry = Readonly<Record<string, string | undefined>>;

interface Plugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts: readonly { readonly name: string; readonly context: { cluster: string; user: string } }[];
  readonly clusters: readonly { readonly name: string; readonly cluster: Entry }[];
  readonly users: readonly { readonly name: string; readonly user: Entry & { readonly exec?: Plugin } }[];
}

/** Reads the current context of a kubeconfig file: data or files, tokens, client certificates, credential plugins. */
export async function readEntrance(path: string): Promise<Entrance> {
  const config = parse(await readFile(path, 'utf8')) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config['current-context']);
  const cluster = config.clusters.find(({ name }) => name === context?.context.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.context.user)?.user;
  if (context === undefined || cluster?.['server'] === undefined || user === undefined) {
    throw new Error(`${path}: the current context names no cluster with a server, or no user`);
  }
  const folder = dirname(path);
  const ca = await part(cluster, 'certificate-authority', folder);
  return { context: context.name, server: cluster['server'], ca, user: await userOf(user, folder) };
}

async function part(entry: Entry, name: string, folder: string): Promise<string | undefined> {
  const { [name]: file, [`${name}-data`]: data } = entry;
  if (data !== undefined) return Buffer.from(data, 'base64').toString();
  return file === undefined ? undefined : readFile(resolve(folder, file), 'utf8');
}

async function userOf(user: Kubeconfig['users'][number]['user'], folder: string): Promise<EntranceUser> {
  const { token, tokenFile, exec } = user;
  if (exec !== undefined) return askPlugin(exec, folder);
  const written = tokenFile === undefined ? token : (await readFile(resolve(folder, tokenFile), 'utf8')).trim();
  if (written !== undefined) return { kind: 'token', token: written };
  const certificate = await part(user, 'client-certificate', folder);
  const key = await part(user, 'client-key', folder);
  if (certificate !== undefined && key !== undefined) return { kind: 'certificate', certificate, key };
  throw new Error('the user of the current context has neither a token, nor a client certificate, nor a plugin');
}

async function askPlugin({ apiVersion, command, args = [], env = [] }: Plugin, folder: string): Promise<EntranceUser> {
  const request = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const added = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const { stdout } = await promisify(execFile)(command, args, {
    cwd: folder,
    env: { ...process.env, ...added, KUBERNETES_EXEC_INFO: JSON.stringify(request) },
  });
  const { status } = JSON.parse(stdout) as { readonly status: Entry };
  const { token, clientCertificateData: certificate, clientKeyData: key } = status;
  if (token !== undefined) return { kind: 'token', token };
  if (certificate !== undefined && key !== undefined) return { kind: 'certificate', certificate, key };
  throw new Error(`${command} answered with neither a token nor a certificate`);
}

/** A kubeconfig with one context and nothing in other files. */
export function kubeconfigText({ context, server, ca, user }: Entrance, namespace: string): string {
  const credentials =
    user.kind === 'token'
      ? { token: user.token }
      : { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [{ name: context, cluster: { server, ...(ca ? { 'certificate-authority-data': base64(ca) } : {}) } }],
    users: [{ name: context, user: credentials }],
    contexts: [{ name: context, context: { cluster: context, user: context, namespace } }],
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
