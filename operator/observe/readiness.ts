import type { OperatorSnapshot } from '../operator.ts';

/** Whether an operator is ready, and why not. */
export interface OperatorReadiness {
  readonly ready: boolean;
  /** Lines as kube-apiserver's `/readyz?verbose` has them. */
  readonly text: string;
}

/** Ready means that everything has been seen once, also for one that stands by. A watch that is down is told, and no reason: a restart would not mend it. */
export function judgeOperator({ synced, copies, leading, queued, forbidden }: OperatorSnapshot): OperatorReadiness {
  const lines = [
    ...Object.entries(copies).map(([resource, state]) =>
      state === 'synced' ? `[+]watch ${resource} ok` : `[-]watch ${resource} failed: ${state}`,
    ),
    `[+]leader ok: ${leading ? 'this process writes' : 'another process may write, this one stands by'}`,
    `[+]queue ok: ${queued} connectors wait`,
    ...(forbidden === 0 ? [] : [`[+]needs ok: ${forbidden} Secrets or ConfigMaps may not be read`]),
    `readyz check ${synced ? 'passed' : 'failed'}`,
  ];
  return { ready: synced, text: `${lines.join('\n')}\n` };
}
