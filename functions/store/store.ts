import type { HealthEvent } from '../../shared/api/health.ts';
import type { ResourceKind } from '../../shared/api/names.ts';
import type { AgentReport } from '../../shared/api/report.ts';

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One entry of the list of a site's resources; the document itself is kept by its hash. */
export interface ManifestEntry {
  readonly kind: ResourceKind;
  readonly name: string;
  /** Generation of the site in which it last changed. */
  readonly version: number;
  /** SHA-256 of the canonical JSON of the document, in hexadecimal. */
  readonly hash: string;
  /** RFC 3339, UTC. */
  readonly updatedAt: string;
}

/** What agents of a connector are to run. */
export interface DesiredRevision {
  readonly revision: string;
  /** `bridgeInstances` of the connector. */
  readonly instances: number;
}

/** A site as of one moment. Every change of a site replaces its head, in one conditional write: all or nothing. */
export interface SiteHead {
  readonly site: string;
  /** Counts the changes from 1. */
  readonly generation: number;
  /** The store's own concurrency tag. */
  readonly tag: string;
  /** By kind and name. */
  readonly entries: readonly ManifestEntry[];
  /** By name of the connector. */
  readonly desired: Readonly<Record<string, DesiredRevision>>;
}

/** A new state of a site. Documents that the head it is to replace names already may be left out, no others. */
export interface SiteChange {
  readonly generation: number;
  readonly entries: readonly ManifestEntry[];
  readonly desired: Readonly<Record<string, DesiredRevision>>;
  /** By hash. */
  readonly documents: ReadonlyMap<string, JsonObject>;
}

/** What became of a commit; `conflict`: the site is not (or no longer) as `expected` says. */
export type CommitOutcome = { readonly kind: 'committed'; readonly tag: string } | { readonly kind: 'conflict' };

/** A part of a list, and where the next part begins. A `continue` that is none throws StoreError `bad-continue`. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly continue?: string;
}

/** Definitions of bridges. Each method counts as the number of storage operations it says, for the cost model. */
export interface BridgeStore {
  /** One operation. Undefined for a site that has no definitions. */
  readHead(site: string): Promise<SiteHead | undefined>;
  /** One operation, small also where the site is large. Undefined where there is no such connector. */
  readDesired(site: string, connector: string): Promise<DesiredRevision | undefined>;
  /** Documents by hash; those that do not exist are left out. */
  readDocuments(site: string, hashes: readonly string[]): Promise<ReadonlyMap<string, JsonObject>>;
  /** Writes new documents, then the head if its tag is still `expected` (undefined: there is none yet). */
  commit(site: string, change: SiteChange, expected: string | undefined): Promise<CommitOutcome>;
  /** Makes the site known to `listSites`; nothing happens when it is. */
  register(site: string): Promise<void>;
  /** Names of sites with a definition or a report, ascending. */
  listSites(options: { readonly limit: number; readonly continue?: string }): Promise<Page<string>>;
  isRegistered(site: string): Promise<boolean>;
  /** Deletes documents that no head of the site has named for an hour; how many. Once a day is often enough. */
  collectGarbage(site: string): Promise<number>;
  /** Definitions and registration; reports and health have their own `removeSite`. */
  removeSite(site: string): Promise<void>;
}

/** A report as it is kept. */
export interface StoredReport {
  readonly connector: string;
  readonly instance: string;
  /** RFC 3339, UTC, by the clock of the control plane. */
  readonly receivedAt: string;
  readonly report: AgentReport;
}

/** What became of a report; `superseded`: a newer one is there already, and this one was not written. */
export type ReportOutcome =
  | { readonly kind: 'stored'; readonly tag: string; readonly first: boolean }
  | { readonly kind: 'superseded'; readonly tag: string };

/** The last report of each agent. */
export interface ReportStore {
  /**
   * One operation when `report.tag` is the tag of what is stored. Otherwise it reads first, and the report is
   * `superseded` by one of the same run with a sequence not below it, or of a run that started later and was received
   * less than 90 seconds before.
   */
  put(site: string, report: StoredReport): Promise<ReportOutcome>;
  list(site: string): Promise<readonly StoredReport[]>;
  /** Forgets one agent, or all agents of a connector. */
  remove(site: string, connector: string, instance?: string): Promise<void>;
  removeSite(site: string): Promise<void>;
}

/** What the last judgement of a site left behind: JSON that only shared/health understands. */
export interface StoredHealth {
  readonly tag: string;
  readonly state: JsonObject;
}

/** Which events of a site. */
export interface EventQuery {
  readonly connector?: string;
  /** RFC 3339, UTC; events at or after it. */
  readonly since?: string;
  readonly limit: number;
  readonly continue?: string;
}

/** Judgements and time lines. */
export interface HealthStore {
  read(site: string): Promise<StoredHealth | undefined>;
  /** False when the stored state is not the one that `expected` names (undefined: there is none). */
  write(site: string, state: JsonObject, expected: string | undefined): Promise<boolean>;
  /** Adds events; one whose `at` and id are there already stays as it is. */
  addEvents(site: string, events: readonly HealthEvent[]): Promise<void>;
  /** Newest first, those of one millisecond by id. */
  listEvents(site: string, query: EventQuery): Promise<Page<HealthEvent>>;
  /** Deletes events before a time (RFC 3339, UTC); how many. */
  pruneEvents(site: string, before: string): Promise<number>;
  removeSite(site: string): Promise<void>;
}

/** What is known of a session at Event Grid. */
export interface StoredSession {
  readonly tag: string;
  readonly state: JsonObject;
}

/** Sessions at Event Grid, by namespace and client ID: which connector has it, and what the service said of it last. */
export interface SessionStore {
  read(namespace: string, clientId: string): Promise<StoredSession | undefined>;
  /** False when the stored state is not the one that `expected` names (undefined: there is none). */
  write(namespace: string, clientId: string, state: JsonObject, expected: string | undefined): Promise<boolean>;
}

/** Who may do what at a site beyond what a token's own roles say. */
export interface Grant {
  /** DNS label, unique within the site. */
  readonly id: string;
  readonly principal:
    | { readonly kind: 'entra'; readonly objectId: string }
    /** SHA-256 of the secret, in hexadecimal. */
    | { readonly kind: 'key'; readonly sha256: string };
  readonly role: 'Bridge.Read' | 'Bridge.Write' | 'Bridge.Agent' | 'Bridge.Admin';
  /** Which connector an agent may act for; absent: any of the site. */
  readonly connector?: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
}

/** Grants of sites. */
export interface GrantStore {
  read(site: string, id: string): Promise<Grant | undefined>;
  list(site: string): Promise<readonly Grant[]>;
  /** False when there is one of this id. */
  create(site: string, grant: Grant): Promise<boolean>;
  /** False when there was none. */
  remove(site: string, id: string): Promise<boolean>;
  removeSite(site: string): Promise<void>;
}

/** All that the control plane keeps. What is refused or fails throws a StoreError of one of its codes. */
export interface Stores {
  readonly bridges: BridgeStore;
  readonly reports: ReportStore;
  readonly health: HealthStore;
  readonly sessions: SessionStore;
  readonly grants: GrantStore;
  close(): Promise<void>;
}
