/** A condition on a label in a selector. */
export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export const ARITHMETIC = ['+', '-', '*', '/'] as const;
export const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='] as const;
export const SET_OPERATORS = ['and', 'or', 'unless'] as const;
export type BinaryOperator =
  | (typeof ARITHMETIC)[number]
  | (typeof COMPARISONS)[number]
  | (typeof SET_OPERATORS)[number];

/** Functions that read the samples of a time range. */
export const RANGE_FUNCTIONS = ['rate', 'increase', 'changes', 'max_over_time'] as const;
/** Functions that take vectors or nothing. */
export const VECTOR_FUNCTIONS = ['absent', 'time', 'histogram_quantile'] as const;
export type FunctionName = (typeof RANGE_FUNCTIONS)[number] | (typeof VECTOR_FUNCTIONS)[number];

export const AGGREGATIONS = ['sum', 'min', 'max', 'count'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** `on (…) group_left (…)`. */
export interface Matching {
  readonly on: readonly string[];
  /** Labels that the one side gives to the many; absent where each side has one. */
  readonly groupLeft?: readonly string[];
}

/** The part of PromQL that alerts and dashboard use. */
export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | Selector
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly Expression[] }
  | {
      readonly kind: 'aggregate';
      readonly op: Aggregation;
      readonly by: readonly string[];
      readonly of: Expression;
    }
  | Binary;

/** Series by name and labels, now or, with a range, over the seconds before. */
export interface Selector {
  readonly kind: 'selector';
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  readonly rangeSeconds?: number;
}

/** Two expressions and what is between them. */
export interface Binary {
  readonly kind: 'binary';
  readonly op: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  readonly matching?: Matching;
}

/** Calls `visit` for an expression and all within it. */
export function eachExpression(expression: Expression, visit: (one: Expression) => void): void {
  visit(expression);
  if (expression.kind === 'call') for (const arg of expression.args) eachExpression(arg, visit);
  if (expression.kind === 'aggregate') eachExpression(expression.of, visit);
  if (expression.kind === 'binary') {
    eachExpression(expression.left, visit);
    eachExpression(expression.right, visit);
  }
}
