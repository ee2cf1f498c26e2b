import type { ManagementAddress, ManagementRequest } from '../../ports.ts';
import type { Hub } from '../hub.ts';

/** A request, taken apart. */
export interface Call {
  readonly hub: Hub;
  readonly request: ManagementRequest;
  readonly address: ManagementAddress;
  /** Values of the path's variable segments, decoded. */
  readonly values: readonly string[];
}
