import type { Problem } from '../problem.ts';
import type { LoadedResource } from './load.ts';
import type { Path } from './position.ts';
import { problemOf, type Wording } from './report.ts';

/** What a rule found, before it is known where in the text that is. */
export interface Finding extends Wording {
  readonly rule: string;
  readonly path: Path;
  readonly message: string;
}

/** Places a finding in the text of its resource. */
export function placed(finding: Finding, resource: LoadedResource, base: Path = []): Problem {
  const path = [...base, ...finding.path];
  return problemOf(finding.rule, resource.file, resource.locate(path), path, finding.message, finding);
}
