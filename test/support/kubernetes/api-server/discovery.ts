import { groupVersionOf, KINDS, type Kind } from './kinds.ts';
import type { Fields } from './object.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The documents by which clients learn what is served; undefined for any other address. */
export function discoveryAt(path: string): Fields | undefined {
  if (path === '/version') return { major: '1', minor: '32', gitVersion: 'v1.32.0', platform: 'linux/amd64' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups() };
  if (path === '/openapi/v3') return { paths: Object.fromEntries(versions().map(openApiEntry)) };
  if (path.startsWith('/openapi/v3/')) return openApi(path.replace(/^\/openapi\/v3\/apis?\//, ''));
  const groupVersion = path.replace(/^\/apis?\//, '');
  const kinds = KINDS.filter((kind) => groupVersionOf(kind) === groupVersion);
  if (kinds.length === 0) return undefined;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: kinds.flatMap(resources) };
}

function versions(): string[] {
  return [...new Set(KINDS.map(groupVersionOf))];
}

function groups(): Fields[] {
  const named = versions().filter((groupVersion) => groupVersion.includes('/'));
  return named.map((groupVersion) => {
    const [name, version] = groupVersion.split('/');
    return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
  });
}

function resources({ plural, kind, namespaced, shortNames, categories, status }: Kind): Fields[] {
  const plain = {
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs: VERBS,
    shortNames,
    categories,
  };
  const ofStatus = { name: `${plural}/status`, singularName: '', namespaced, kind, verbs: ['get', 'patch', 'update'] };
  return status ? [plain, ofStatus] : [plain];
}

function prefix(groupVersion: string): string {
  return groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;
}

function openApiEntry(groupVersion: string): [string, Fields] {
  return [prefix(groupVersion), { serverRelativeURL: `/openapi/v3/${prefix(groupVersion)}` }];
}

/** Says no more than that PATCH takes `fieldValidation`: kubectl then leaves the checking to the server. */
function openApi(groupVersion: string): Fields | undefined {
  const kinds = KINDS.filter((kind) => groupVersionOf(kind) === groupVersion);
  if (kinds.length === 0) return undefined;
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({ name, in: 'query' }));
  const paths = kinds.map(({ group, version, kind, plural }) => [
    `/${prefix(groupVersion)}/${plural}/{name}`,
    { patch: { parameters, 'x-kubernetes-group-version-kind': { group, version, kind } } },
  ]);
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: 'v1.32.0' }, paths: Object.fromEntries(paths) };
}
