import type { MonotonicClock } from '../../shared/monotonic-clock.ts';
import type { Need } from '../status/needs.ts';
import type { OperatorLogger } from '../logger.ts';

/** Objects of one kind in one namespace, which one role permits. */
export interface RoleScope {
  readonly kind: Need['kind'];
  readonly namespace: string;
}

/** What is known of such objects. */
export interface RoleNames {
  /** All that connectors name. */
  readonly wanted: readonly string[];
  /** Those of them that may not be read. */
  readonly forbidden: readonly string[];
}

/** Says which commands let the operator see what it may not read. */
export interface GrantHint {
  /** Something else may not be read; `refusal` is what the API server says. */
  readonly forbidden: (scope: RoleScope, refusal: string) => void;
  readonly stop: () => void;
}

/** What such a hint is made of. */
export interface GrantHintParts {
  readonly clock: MonotonicClock;
  readonly logger: OperatorLogger;
  readonly namesOf: (scope: RoleScope) => RoleNames;
}

/** What is found out together is told together. */
const GATHER_MS = 1000;
/** The least time between two lines about the same role. */
const PAUSE_MS = 60_000;

/** Says nothing yet. */
export function createGrantHint({ clock, logger, namesOf }: GrantHintParts): GrantHint {
  const pending = new Map<string, () => void>();
  const lastAt = new Map<string, number>();

  function say(scope: RoleScope, refusal: string): void {
    const { kind, namespace } = scope;
    const { wanted, forbidden } = namesOf(scope);
    if (forbidden.length === 0) return;
    const fix = grantCommand(scope, wanted, accountOf(refusal));
    logger.warn(
      { evt: 'NeedForbidden', kind, namespace, names: forbidden, fix },
      `${kind} ${forbidden.join(', ')} may not be read, so only the agents tell what is missing; to let the operator tell: ${fix}`,
    );
  }
  return {
    forbidden(scope, refusal) {
      const key = `${scope.kind}/${scope.namespace}`;
      if (pending.has(key)) return;
      const now = clock.now();
      const pause = Math.max(GATHER_MS, (lastAt.get(key) ?? -Infinity) + PAUSE_MS - now);
      const cancel = clock.after(pause, () => {
        pending.delete(key);
        lastAt.set(key, clock.now());
        say(scope, refusal);
      });
      pending.set(key, cancel);
    },
    stop() {
      for (const cancel of pending.values()) cancel();
      pending.clear();
    },
  };
}

function accountOf(refusal: string): string {
  return /system:serviceaccount:([^:"]+:[^"]+)"/.exec(refusal)?.[1] ?? 'NAMESPACE:NAME';
}

/** Works whether or not the role is there; it permits exactly these names then. */
function grantCommand({ kind, namespace }: RoleScope, names: readonly string[], account: string): string {
  const resource = `${kind.toLowerCase()}s`;
  const role = `mqttbridge-operator-${resource}`;
  const named = names.map((name) => `--resource-name=${name}`).join(' ');
  const apply = '--dry-run=client -o yaml | kubectl apply -f -';
  return (
    `kubectl create role ${role} -n ${namespace} --verb=get,list,watch --resource=${resource} ${named} ${apply} && ` +
    `kubectl create rolebinding ${role} -n ${namespace} --role=${role} --serviceaccount=${account} ${apply}`
  );
}
