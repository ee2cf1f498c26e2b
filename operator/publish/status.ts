import { ApiError, type KubernetesClient } from '../../kubernetes/client.ts';
import type { ObjectKind, StoredObject } from '../../kubernetes/object.ts';
import { canonicalJson } from '../../shared/canonical-json.ts';
import { FIELD_MANAGER } from '../workload/identity.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Writes a status unless the object has it already; answers the object as it is then. */
export async function writeStatus(
  client: Pick<KubernetesClient, 'apply'>,
  kind: ObjectKind,
  { live, status }: { readonly live: StoredObject; readonly status: Fields },
): Promise<StoredObject> {
  if (isSameStatus(live['status'], status)) return live;
  const { name, namespace } = live.metadata;
  const object = { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name, namespace }, status };
  try {
    return await client.apply(kind, object, { manager: FIELD_MANAGER, status: true, force: true });
  } catch (error) {
    // It was deleted meanwhile: nobody is left to be told.
    if (error instanceof ApiError && error.code === 404) return live;
    throw error;
  }
}

/** Whether a live status says what is wanted, times of transition and what the agents write aside. */
function isSameStatus(live: unknown, wanted: Fields): boolean {
  const { instances: _agents, ...rest } = (live ?? {}) as Fields;
  return comparable(rest) === comparable(wanted);
}

function comparable(status: Fields): string {
  const { conditions = [] } = status as { readonly conditions?: readonly Fields[] };
  const byType = conditions
    .map(({ lastTransitionTime: _time, ...condition }) => condition)
    .toSorted((a, b) => (String(a['type']) < String(b['type']) ? -1 : 1));
  return canonicalJson({ ...status, conditions: byType });
}
