import type { StructuralSchema, ValidationRule } from '../../../shared/schema/structural.ts';
import { type Expression, parseCel } from './cel-parser.ts';

/** What the API server lets one rule and all rules of a definition cost at most, by its estimate. */
export const COST_LIMITS = { rule: 10_000_000, definition: 100_000_000 } as const;

/** What a rule may cost, for the worst object that its schema allows. */
export interface RuleCost {
  readonly path: string;
  readonly message: string;
  readonly cost: number;
}

/** Bytes of a string without bounds: a request has 3 MiB. */
const REQUEST_BYTES = 3 * 1024 * 1024;
/** Reading a tenth of a byte costs one, and so do four characters of a regular expression. */
const TRAVERSAL = 0.1;
const REGEX = 0.25;

/** Every rule of a schema with its estimated cost, as the API server reckons: the cost once, times the items of the lists around it. */
export function ruleCosts(schema: StructuralSchema, path = '', times = 1): RuleCost[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map((rule) => ({
    path,
    message: rule.message,
    cost: costOf(rule, schema, path) * times,
  }));
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    ruleCosts(field, `${path}.${name}`, times),
  );
  const items =
    schema.items === undefined ? [] : ruleCosts(schema.items, `${path}[]`, times * (schema.maxItems ?? REQUEST_BYTES));
  return [...own, ...inner, ...items];
}

function costOf({ rule }: ValidationRule, schema: StructuralSchema, path: string): number {
  const { cost, type } = estimate(parseCel(rule), schema);
  if (type !== 'boolean') throw new TypeError(`${path}: a rule is true or false, not ${type}: ${rule}`);
  return cost;
}

/** Cost of an expression, with the type and the greatest size in bytes of its value. */
interface Estimate {
  readonly cost: number;
  readonly type: string;
  readonly bytes: number;
  readonly schema?: StructuralSchema;
}

function estimate(expression: Expression, self: StructuralSchema): Estimate {
  switch (expression.kind) {
    case 'literal':
      return { cost: 0, type: typeof expression.value, bytes: Buffer.byteLength(String(expression.value)) };
    case 'self':
      return valueAt(self, 1);
    case 'select':
      return selected(expression, self);
    case 'has':
      return { ...selected(expression, self), type: 'boolean' };
    case 'not': {
      const operand = typed(estimate(expression.operand, self), 'boolean');
      return { ...operand, cost: operand.cost + 1 };
    }
    case 'conditional': {
      const condition = typed(estimate(expression.condition, self), 'boolean');
      const yes = estimate(expression.yes, self);
      const no = typed(estimate(expression.no, self), yes.type);
      return { ...yes, cost: condition.cost + Math.max(yes.cost, no.cost) };
    }
    case 'call':
      return callEstimate(expression, self);
    case 'binary':
      return binaryEstimate(expression, self);
  }
}

function selected({ operand, field }: Expression & { kind: 'select' | 'has' }, self: StructuralSchema): Estimate {
  const from = estimate(operand, self);
  const schema = from.schema?.properties?.[field];
  if (schema === undefined) throw new TypeError(`the schema has no field ${field}`);
  return valueAt(schema, from.cost + 1);
}

/** A character may take four bytes. */
function valueAt(schema: StructuralSchema, cost: number): Estimate {
  const characters = schema.maxLength ?? REQUEST_BYTES / 4;
  return { cost, type: schema.type === 'integer' ? 'bigint' : schema.type, bytes: characters * 4, schema };
}

function callEstimate({ method, target, argument }: Expression & { kind: 'call' }, self: StructuralSchema): Estimate {
  const text = typed(estimate(target, self), 'string');
  const other = typed(estimate(argument, self), 'string');
  const own = {
    contains: Math.ceil(text.bytes * TRAVERSAL) * Math.ceil(other.bytes * TRAVERSAL),
    startsWith: Math.ceil(other.bytes * TRAVERSAL),
    endsWith: Math.ceil(other.bytes * TRAVERSAL),
    matches: Math.ceil((text.bytes + 1) * TRAVERSAL) * Math.ceil(other.bytes * REGEX),
  };
  return { cost: text.cost + other.cost + own[method], type: 'boolean', bytes: 0 };
}

function binaryEstimate({ operator, left, right }: Expression & { kind: 'binary' }, self: StructuralSchema): Estimate {
  const first = estimate(left, self);
  const second = typed(estimate(right, self), first.type);
  const cost = first.cost + second.cost;
  if (operator === '&&' || operator === '||') return { cost, type: typed(first, 'boolean').type, bytes: 0 };
  if (operator === '+') return { cost: cost + 1, type: typed(first, 'bigint').type, bytes: 0 };
  return {
    cost: cost + Math.max(1, Math.ceil(Math.min(first.bytes, second.bytes) * TRAVERSAL)),
    type: 'boolean',
    bytes: 0,
  };
}

function typed(value: Estimate, type: string): Estimate {
  if (value.type !== type) throw new TypeError(`${type} is expected and not ${value.type}`);
  return value;
}
