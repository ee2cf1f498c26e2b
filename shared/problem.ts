/** How bad a problem is: an error stops the document from being applied, a warning does not. */
export type Severity = 'error' | 'warning';

/** One finding about a configuration document, placed where its author can see it. */
export interface Problem {
  /** Stable rule id, two letters and three digits: `BC` connector, `TM` topic map, `YA` the text itself, `XR` across resources. */
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** JSON path inside the resource, such as `spec.routes[1].target`. */
  readonly path: string;
  readonly message: string;
  /** What to do about it, printed behind `try:`. */
  readonly advice: string;
}
