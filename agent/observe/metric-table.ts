import type { AgentSnapshot, RouteSnapshot, SessionSnapshot } from './snapshot.ts';

/** Labels that exist; topics, client IDs and anything a broker names are none of them, so that series stay few. */
export type MetricLabel =
  | 'connector'
  | 'topic_map'
  | 'route'
  | 'direction'
  | 'qos'
  | 'reason'
  | 'reason_code'
  | 'side'
  | 'op'
  | 'outcome'
  | 'version';

type MetricType = 'counter' | 'gauge' | 'histogram';

/** One value of a metric; `name` differs from the metric's in the parts of a histogram. */
export interface Sample {
  readonly name?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** What the operating system says of the agent's process. */
export interface ProcessUsage {
  /** User and system time since start, in seconds. */
  readonly cpuSeconds: number;
  /** Resident set, in bytes. */
  readonly residentBytes: number;
  /** Seconds since 1970, UTC. */
  readonly startedAt: number;
  /** How late a timer or I/O callback was at this scrape, in seconds. */
  readonly eventLoopLagSeconds: number;
}

/** What metrics are made of, taken once per scrape. */
export interface MetricsInput {
  readonly snapshot: AgentSnapshot;
  readonly process: ProcessUsage;
}

/** One metric: its documentation and how its values follow from the snapshot. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly MetricLabel[];
  /** Base unit, as the reference page prints it. */
  readonly unit: string;
  readonly read: (input: MetricsInput) => readonly Sample[];
}

/** A metric that any process has. */
export interface ProcessMetric extends MetricDefinition {
  readonly readProcess: (usage: ProcessUsage) => readonly Sample[];
}

interface Row {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly unit: string;
}

/** One number, or one per value of the label named by `by`. */
type Values = number | Readonly<Record<string, number>>;

/** A row with one number per route, or with one per route and value of the label `by`. */
export interface RouteRow extends Row {
  readonly by?: MetricLabel;
  readonly value: (route: RouteSnapshot) => Values;
}

/** A row with one number per side, or with one per side and value of the label `by`. */
export interface SideRow extends Row {
  readonly by?: MetricLabel;
  readonly value: (sessions: readonly SessionSnapshot[]) => Values;
}

/** A row with one number per agent. */
export interface AgentRow extends Row {
  readonly value: (snapshot: AgentSnapshot) => number;
}

/** A row with one number per process. */
export interface ProcessRow extends Row {
  readonly value: (usage: ProcessUsage) => number;
}

/** Labels of every metric that is kept per route. */
export const routeLabelNames: readonly MetricLabel[] = ['connector', 'topic_map', 'route', 'direction', 'qos'];

/** A metric that is kept per route. */
export function ofRoutes({ by, value, ...shape }: RouteRow): MetricDefinition {
  return {
    ...shape,
    labels: by === undefined ? routeLabelNames : [...routeLabelNames, by],
    read: ({ snapshot }) => snapshot.routes.flatMap((route) => samples(value(route), routeLabels(snapshot, route), by)),
  };
}

/** A metric that is summed over the sessions of each side. */
export function ofSides({ by, value, ...shape }: SideRow): MetricDefinition {
  return {
    ...shape,
    labels: by === undefined ? ['connector', 'side'] : ['connector', 'side', by],
    read: ({ snapshot }) =>
      (['local', 'remote'] as const).flatMap((side) => {
        const sessions = snapshot.sessions.filter((session) => session.side === side);
        return samples(value(sessions), { connector: snapshot.connector, side }, by);
      }),
  };
}

/** A metric of the agent as a whole. */
export function ofAgent({ value, ...shape }: AgentRow): MetricDefinition {
  return {
    ...shape,
    labels: ['connector'],
    read: ({ snapshot }) => [{ labels: { connector: snapshot.connector }, value: value(snapshot) }],
  };
}

/** A metric of the process; without labels, as everywhere. */
export function ofProcess({ value, ...shape }: ProcessRow): ProcessMetric {
  const readProcess = (usage: ProcessUsage) => [{ labels: {}, value: value(usage) }];
  return { ...shape, labels: [], read: (input) => readProcess(input.process), readProcess };
}

/** Labels that name a route. */
export function routeLabels(snapshot: AgentSnapshot, route: RouteSnapshot): Record<string, string | number> {
  return {
    connector: snapshot.connector,
    topic_map: route.topicMap,
    route: route.route,
    direction: route.direction,
    qos: route.qos,
  };
}

/** Sums records key by key. */
export function sumRecords(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total = new Map<string, number>();
  for (const record of records) {
    for (const [key, value] of Object.entries(record)) total.set(key, (total.get(key) ?? 0) + value);
  }
  return Object.fromEntries(total);
}

function samples(values: Values, labels: Record<string, string | number>, by?: MetricLabel): Sample[] {
  if (typeof values === 'number') return [{ labels, value: values }];
  return Object.entries(values).map(([key, value]) => ({ labels: { ...labels, [by ?? 'reason']: key }, value }));
}
