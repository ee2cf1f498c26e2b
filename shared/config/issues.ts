import type { z } from 'zod';
import type { Problem } from '../problem.ts';
import type { LoadedResource } from './load.ts';
import { renamedField } from './renamed.ts';
import { problemOf } from './report.ts';

type Issue = z.core.$ZodIssue;

/** Says what a schema found wrong with a resource, at the place where it is written. */
export function issueProblems(issues: readonly Issue[], resource: LoadedResource, prefix: 'BC' | 'TM'): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    const problem = (id: string, message: string, advice?: string) =>
      problemOf(id, resource.file, resource.locate(path), path, message, { advice });
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const place = [...path, key];
        const message = `the field "${key}" is not known`;
        const advice = renamedField(prefix, path, key);
        return problemOf(`${prefix}002`, resource.file, resource.locate(place, 'key'), place, message, { advice });
      });
    }
    if (issue.code === 'custom') {
      const { rule, advice } = (issue.params ?? {}) as { rule?: string; advice?: string };
      return [problem(rule ?? `${prefix}003`, issue.message, advice)];
    }
    if (isMissing(issue)) {
      const route = prefix === 'TM' && path.at(-1) === 'name' && path.includes('routes');
      return [route ? problem('TM021', NAMELESS) : problem(`${prefix}001`, 'this field is required')];
    }
    if (issue.code === 'invalid_format') return [problem(prefix === 'BC' ? 'BC006' : 'TM011', issue.message)];
    return [problem(`${prefix}003`, lowerFirst(issue.message.replace(/^Invalid input: /, '')))];
  });
}

const NAMELESS =
  'a route needs a name; the shared-subscription sample of the original documentation leaves it out by mistake';

function isMissing(issue: Issue): boolean {
  return 'input' in issue ? issue.input === undefined : false;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
