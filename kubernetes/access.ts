import { join } from 'node:path';
import { readBounded } from './bounded-file.ts';

/** Where an API server is, and how to prove who asks. */
export interface ClusterAccess {
  /** `https:`; its path comes before all others. */
  readonly server: URL;
  /** Name that the server's certificate is for, where it is not the host of the URL. */
  readonly serverName: string | undefined;
  /** Namespace of the service account or of the context. */
  readonly namespace: string | undefined;
  /** Read anew each time, since files are rotated; rejects with AccessError. */
  credentials(): Promise<Credentials>;
}

/** What one request proves itself with, and whom it trusts. */
export interface Credentials {
  /** PEM of the authorities that may vouch for the server; those known to everybody where it is undefined. */
  readonly ca: string | undefined;
  readonly token: string | undefined;
  /** PEM of a client certificate and its key. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
}

/** There is no way to ask the API server; the message says what to mend and has nothing secret in it. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
}

/** What the kubelet tells a container of its cluster. */
export interface InClusterOptions {
  /** KUBERNETES_SERVICE_HOST: a name or an address. */
  readonly host: string | undefined;
  /** KUBERNETES_SERVICE_PORT. */
  readonly port: string | undefined;
  /** Where token, ca.crt and namespace of the service account are mounted. */
  readonly folder?: string;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const MAX_TOKEN_BYTES = 64 * 1024;
const MAX_PEM_BYTES = 1024 * 1024;
// RFC 6750, 2.1: nothing else may follow "Bearer", least of all a line break.
const BEARER = /^[-A-Za-z0-9._~+/]+=*$/;

/** Access of a pod by its service account; rejects with AccessError outside of a pod. */
export async function openClusterAccess({
  host,
  port,
  folder = SERVICE_ACCOUNT,
}: InClusterOptions): Promise<ClusterAccess> {
  const server = serviceUrl(host, port);
  const credentials = async (): Promise<Credentials> => ({
    token: await tokenIn(join(folder, 'token')),
    ca: await pemIn(join(folder, 'ca.crt')),
    certificate: undefined,
  });
  // What is missing is told now and not at the first request.
  await credentials();
  const namespace = (await textIn(join(folder, 'namespace'), MAX_TOKEN_BYTES)).trim();
  if (namespace === '') throw new AccessError(`the file ${join(folder, 'namespace')} is empty`);
  return { server, serverName: undefined, namespace, credentials };
}

function serviceUrl(host: string | undefined, port: string | undefined): URL {
  if (!host || !port) {
    const missing = host ? 'KUBERNETES_SERVICE_PORT' : 'KUBERNETES_SERVICE_HOST';
    throw new AccessError(`this is no pod of a cluster: ${missing} is not set; name a kubeconfig instead`);
  }
  const text = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || `${url.pathname}${url.search}${url.hash}${url.username}` !== '/') {
    throw new AccessError('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are no host and port');
  }
  return url;
}

/** The token in a file; rejects with AccessError. */
export async function tokenIn(path: string): Promise<string> {
  return checkedToken((await textIn(path, MAX_TOKEN_BYTES)).trim(), `the file ${path}`);
}

/** A token as it is; throws AccessError that names where it came from. */
export function checkedToken(token: string, from: string): string {
  if (token === '') throw new AccessError(`${from} is empty: a token is expected`);
  if (!BEARER.test(token)) throw new AccessError(`${from} holds something else than one token`);
  return token;
}

/** The PEM in a file; rejects with AccessError. */
export async function pemIn(path: string): Promise<string> {
  return checkedPem(await textIn(path, MAX_PEM_BYTES), `the file ${path}`);
}

/** A PEM as it is; throws AccessError that names where it came from. */
export function checkedPem(text: string, from: string): string {
  if (!text.includes('-----BEGIN ')) throw new AccessError(`${from} is no PEM`);
  return text;
}

async function textIn(path: string, limit: number): Promise<string> {
  try {
    return await readBounded(path, limit);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new AccessError(`the file ${path} cannot be read: ${code ?? message}`);
  }
}
