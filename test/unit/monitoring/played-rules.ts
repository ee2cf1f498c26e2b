import { ruleFile } from '../../../cli/generate/monitoring/rules.ts';
import type { AlertRule } from '../../support/promql/play-alert.ts';
import { secondsOf } from '../../support/promql/tokens.ts';

/** Every alert as the evaluator plays it. */
export const RULES: readonly AlertRule[] = ruleFile().groups.flatMap(({ rules }) =>
  rules.map(({ alert, expr, for: patience = '0s', labels, annotations }) => ({
    alert,
    expr,
    forSeconds: secondsOf(patience),
    labels: { ...labels },
    annotations: { ...annotations },
  })),
);
