import { type JsonSchema, jsonSchemaFor } from '../schema/json-schema.ts';

/** Names that older versions and the original documentation use, and what they are called now. */
const RENAMED: Readonly<Record<string, string>> = {
  trustedCaCertificateName: 'trustedCaCertificateConfigMap',
  trustedCaCertifcateName: 'trustedCaCertificateConfigMap',
  trustedCaCertificateConfigMapRef: 'trustedCaCertificateConfigMap',
  trustedCaCertificate: 'trustedCaCertificateConfigMap',
  clientK8sSecret: 'secretName',
  clientCertKeySecret: 'secretName',
  secretRef: 'secretName',
  vaultCaChainCert: 'vaultCaChainSecret',
  serviceAccountToken: 'kubernetes',
  mode: 'tlsEnabled',
  enabled: 'tlsEnabled',
};

/** Fields that a place of a resource has. */
export function fieldsAt(prefix: 'BC' | 'TM', path: readonly (string | number)[]): readonly string[] {
  const kind = prefix === 'BC' ? 'MqttBridgeConnector' : 'MqttBridgeTopicMap';
  return Object.keys(shapeAt(jsonSchemaFor(kind), path)?.properties ?? {});
}

/** The field that older versions wrote in this way, where there is one. */
export function presentName(prefix: 'BC' | 'TM', path: readonly (string | number)[], key: string): string | undefined {
  const allowed = fieldsAt(prefix, path);
  const renamed = RENAMED[key];
  if (renamed !== undefined && allowed.includes(renamed)) return renamed;
  return allowed.find((name) => name.toLowerCase() === key.toLowerCase());
}

/** What to write instead of an unknown field: its present name, or the nearest one allowed there. */
export function renamedField(prefix: 'BC' | 'TM', path: readonly (string | number)[], key: string): string | undefined {
  const allowed = fieldsAt(prefix, path);
  const renamed = RENAMED[key];
  if (renamed !== undefined && allowed.includes(renamed)) return `write ${renamed}`;
  const near = allowed
    .map((name) => ({ name, edits: distance(name.toLowerCase(), key.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.max(2, name.length / 4))
    .sort((a, b) => a.edits - b.edits)[0];
  if (near !== undefined) return `write ${near.name}`;
  return allowed.length === 0 ? undefined : `remove it; the fields here are ${allowed.join(', ')}`;
}

function shapeAt(shape: JsonSchema, path: readonly (string | number)[]): JsonSchema | undefined {
  return path.reduce<JsonSchema | undefined>(
    (at, step) => (typeof step === 'number' ? at?.items : at?.properties?.[step]),
    shape,
  );
}

/** Levenshtein distance; of long keys only the beginning, since they are near to nothing anyway. */
function distance(a: string, b: string): number {
  const other = b.slice(0, 64);
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, left] of a.split('').entries()) {
    const next = [i + 1];
    for (const [j, right] of other.split('').entries()) {
      next.push(Math.min((row[j] ?? 0) + Number(left !== right), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
