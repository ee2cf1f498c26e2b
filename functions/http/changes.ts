import { formatPath, type Path } from '../../shared/config/position.ts';

/** One field that differs; `before` is absent for one that was added, `after` for one that was removed. */
export interface Change {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The smallest parts in which two JSON values differ, in the order of their fields. */
export function changesBetween(before: unknown, after: unknown, at: Path = []): Change[] {
  if (!isCollection(before) || !isCollection(after) || Array.isArray(before) !== Array.isArray(after)) {
    return Object.is(before, after)
      ? []
      : [{ path: formatPath(at), ...given('before', before), ...given('after', after) }];
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => {
    const step = Array.isArray(before) ? Number(key) : key;
    return changesBetween(before[key], after[key], [...at, step]);
  });
}

function given(name: 'before' | 'after', value: unknown): Partial<Change> {
  return value === undefined ? {} : { [name]: value };
}

function isCollection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
