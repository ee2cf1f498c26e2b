import type { AgentSnapshot, FaultSnapshot } from './snapshot.ts';

/** A condition of the connector in the form of Kubernetes; those that name trouble are only there while it lasts. */
export interface Condition {
  readonly type: 'ClientIdConflict';
  readonly status: 'True';
  readonly fault: FaultSnapshot;
  /** Keys of the sessions it concerns. */
  readonly sessions: readonly string[];
}

/** The conditions that are true now. */
export function conditionsOf({ sessions }: AgentSnapshot): readonly Condition[] {
  const rivals = sessions.flatMap(({ key, clientIdConflict }) =>
    clientIdConflict === undefined ? [] : [{ key, fault: clientIdConflict }],
  );
  const [first] = rivals;
  if (first === undefined) return [];
  return [{ type: 'ClientIdConflict', status: 'True', fault: first.fault, sessions: rivals.map(({ key }) => key) }];
}
