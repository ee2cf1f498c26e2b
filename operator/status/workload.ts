import type { StoredObject } from '../../kubernetes/object.ts';

/** What the StatefulSet of a connector says of its pods. */
export interface Workload {
  /** Pods that are wanted. */
  readonly wanted: number;
  /** Pods that are ready. */
  readonly ready: number;
  /** Whether all pods are of the newest template, as far as the StatefulSet controller has said. */
  readonly settled: boolean;
}

/** Reads what matters out of a StatefulSet; what its controller has not said yet counts as 0. */
export function workloadOf({ metadata, spec, status }: StoredObject): Workload {
  const { replicas = 1 } = (spec ?? {}) as { replicas?: number };
  const said = (status ?? {}) as { readyReplicas?: number; updatedReplicas?: number; observedGeneration?: number };
  const current = metadata.generation === undefined || (said.observedGeneration ?? 0) >= metadata.generation;
  return {
    wanted: replicas,
    ready: said.readyReplicas ?? 0,
    settled: current && (said.updatedReplicas ?? 0) >= replicas,
  };
}
