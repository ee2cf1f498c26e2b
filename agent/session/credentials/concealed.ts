import { inspect } from 'node:util';

const hide = { value: () => '[secret]', enumerable: false } as const;
const PROPERTIES = { toJSON: hide, toString: hide, [inspect.custom]: hide };

/** Makes an object print as `[secret]` in logs, errors and JSON; its fields read as before. */
export function concealed<T extends object>(value: T): T {
  return Object.defineProperties(value, PROPERTIES);
}
