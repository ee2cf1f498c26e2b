import type { ConnectorDocument } from '../../shared/plan/document.ts';
import type { Problem } from '../../shared/problem.ts';
import type { OriginSnapshot } from '../observe/snapshot.ts';

/** What a configuration source reports: a document that may be applied, or one that may not and why. */
export type ConfigUpdate =
  | { readonly kind: 'document'; readonly document: ConnectorDocument }
  | { readonly kind: 'rejected'; readonly revision: string; readonly problems: readonly Problem[] };

/** A stream of whole configurations; each update replaces the one before. */
export interface ConfigSource {
  /**
   * The present state first, then every change; ends when `signal` aborts. Updates not yet taken are replaced by newer ones.
   * Whoever asks for the next update has applied the one before.
   */
  updates(signal: AbortSignal): AsyncIterable<ConfigUpdate>;
  /** How whoever sends configurations is; absent where they come from files. */
  readonly snapshot?: () => OriginSnapshot;
}
