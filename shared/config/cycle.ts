/** Whether a value is inside itself, as one is that has an alias of itself; such a value has no end for whoever walks it. */
export function isCyclic(value: unknown, above = new Set<object>(), seen = new Set<object>()): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (above.has(value)) return true;
  if (seen.has(value)) return false;
  seen.add(value);
  above.add(value);
  const found = Object.values(value).some((inner) => isCyclic(inner, above, seen));
  above.delete(value);
  return found;
}
