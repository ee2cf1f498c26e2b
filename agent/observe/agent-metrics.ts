import { type MetricDefinition, type ProcessMetric, ofAgent, ofProcess, ofSides, sumRecords } from './metric-table.ts';
import type { PublishRateSnapshot, SessionSnapshot } from './snapshot.ts';

/** The disconnect reason that has a metric of its own (MQTT reason code 0x90). */
const INVALID_TOPIC_REASON = 'TopicNameInvalid';

/** Metrics of the agent's sessions. */
export const SESSION_METRICS: readonly MetricDefinition[] = [
  // The product this bridge stands in for published these names; dashboards made for it keep working.
  ofSides({
    name: 'aio_mq_mqttbridge_active_connections_count',
    type: 'gauge',
    help: 'Sessions that are connected to the broker of this side.',
    unit: 'sessions',
    value: connected,
  }),
  ofSides({
    name: 'mqttbridge_sessions',
    type: 'gauge',
    help: 'Sessions that the agent keeps on this side, connected or not.',
    unit: 'sessions',
    value: (sessions) => sessions.length,
  }),
  ofSides({
    name: 'mqttbridge_connection_up',
    type: 'gauge',
    help: '1 when the agent has sessions on this side and all of them are connected, otherwise 0.',
    unit: '0 or 1',
    value: (sessions) => (sessions.length > 0 && connected(sessions) === sessions.length ? 1 : 0),
  }),
  ofSides({
    name: 'mqttbridge_connects_total',
    type: 'counter',
    help: 'Attempts to connect, by outcome: the reason code of CONNACK by name, or why there was none.',
    unit: 'attempts',
    by: 'reason_code',
    value: (sessions) => sumRecords(sessions.map((session) => session.connects)),
  }),
  ofSides({
    name: 'mqttbridge_disconnects_total',
    type: 'counter',
    help: 'Connections that ended, by reason.',
    unit: 'connections',
    by: 'reason',
    value: (sessions) => sumRecords(sessions.map((session) => session.disconnects)),
  }),
  ofSides({
    name: 'mqttbridge_session_lost_total',
    type: 'counter',
    help: 'Reconnects at which the broker had forgotten the session: messages may be missing.',
    unit: 'sessions',
    value: (sessions) => sum(sessions, (session) => session.sessionLost),
  }),
  ofSides({
    name: 'mqttbridge_client_id_conflicts',
    type: 'gauge',
    help: 'Sessions whose client ID another client uses as well.',
    unit: 'sessions',
    value: (sessions) => sessions.filter((session) => session.clientIdConflict !== undefined).length,
  }),
  ofSides({
    name: 'mqttbridge_stray_acks_total',
    type: 'counter',
    help: 'Acknowledgements from a broker that belonged to no message in flight.',
    unit: 'packets',
    value: (sessions) => sum(sessions, (session) => session.strayAcks),
  }),
  ofSides({
    name: 'mqttbridge_invalid_topic_total',
    type: 'counter',
    help: `Connections closed over an invalid topic (reason ${INVALID_TOPIC_REASON}).`,
    unit: 'connections',
    value: (sessions) => sum(sessions, (session) => session.disconnects[INVALID_TOPIC_REASON] ?? 0),
  }),
  ofSides({
    name: 'mqttbridge_window_used_messages',
    type: 'gauge',
    help: "Messages in the sessions' send windows.",
    unit: 'messages',
    value: (sessions) => sum(sessions, (session) => session.inflightMessages),
  }),
  ofSides({
    name: 'mqttbridge_window_limit_messages',
    type: 'gauge',
    help: "Messages that the sessions' send windows may hold.",
    unit: 'messages',
    value: (sessions) => sum(sessions, (session) => session.windowMessages),
  }),
  ofSides({
    name: 'mqttbridge_window_used_bytes',
    type: 'gauge',
    help: "Bytes in the sessions' send windows.",
    unit: 'bytes',
    value: (sessions) => sum(sessions, (session) => session.inflightBytes),
  }),
  ofSides({
    name: 'mqttbridge_backlog_messages',
    type: 'gauge',
    help: 'Messages for the broker of this side that wait in the agent: for room in the window, the publish rate or a connection.',
    unit: 'messages',
    value: (sessions) => sum(sessions, (session) => session.waitingMessages),
  }),
  ofSides({
    name: 'mqttbridge_backlog_oldest_age_seconds',
    type: 'gauge',
    help: 'Since receipt of the oldest message for the broker of this side that has no outcome, waiting or in flight; 0 without one.',
    unit: 'seconds',
    value: (sessions) => Math.max(0, ...sessions.map((session) => session.oldestSeconds)),
  }),
  ofSides({
    name: 'mqttbridge_publish_rate_used_messages',
    type: 'gauge',
    help: 'Messages per second published by the sessions whose rate is limited.',
    unit: 'messages per second',
    value: (sessions) => sumRates(sessions, (rate) => rate.usedMessages),
  }),
  ofSides({
    name: 'mqttbridge_publish_rate_limit_messages',
    type: 'gauge',
    help: 'Messages per second that these sessions may publish now: less while the broker throttles.',
    unit: 'messages per second',
    value: (sessions) => sumRates(sessions, (rate) => rate.allowedMessages),
  }),
  ofSides({
    name: 'mqttbridge_publish_rate_used_bytes',
    type: 'gauge',
    help: 'Bytes per second published by the sessions whose rate is limited.',
    unit: 'bytes per second',
    value: (sessions) => sumRates(sessions, (rate) => rate.usedBytes),
  }),
  ofSides({
    name: 'mqttbridge_publish_rate_limit_bytes',
    type: 'gauge',
    help: 'Bytes per second that these sessions may publish now: less while the broker throttles.',
    unit: 'bytes per second',
    value: (sessions) => sumRates(sessions, (rate) => rate.allowedBytes),
  }),
  ofSides({
    name: 'mqttbridge_publish_throttled_total',
    type: 'counter',
    help: 'Publishes refused and connections ended by the broker because publishes came too fast.',
    unit: 'refusals',
    value: (sessions) => sumRates(sessions, (rate) => rate.throttled),
  }),
];

/** Metrics of the agent itself and of its configuration. */
export const AGENT_METRICS: readonly MetricDefinition[] = [
  // The product this bridge stands in for published these names; dashboards made for it keep working.
  ofAgent({
    name: 'aio_mq_mqttbridge_number_of_routes',
    type: 'gauge',
    help: 'Routes of the configuration in force.',
    unit: 'routes',
    value: (snapshot) => snapshot.routes.length,
  }),
  ofAgent({
    name: 'mqttbridge_config_generation',
    type: 'gauge',
    help: 'Configurations applied since start.',
    unit: 'generation',
    value: (snapshot) => snapshot.config.generation,
  }),
  ofAgent({
    name: 'mqttbridge_config_rejected_total',
    type: 'counter',
    help: 'Configurations refused since start.',
    unit: 'documents',
    value: (snapshot) => snapshot.config.rejectedTotal,
  }),
  ofAgent({
    name: 'mqttbridge_config_rejected',
    type: 'gauge',
    help: '1 while the newest configuration is refused and an older one runs on, otherwise 0.',
    unit: '0 or 1',
    value: (snapshot) => (snapshot.config.rejected === undefined ? 0 : 1),
  }),
  {
    name: 'mqttbridge_build_info',
    type: 'gauge',
    help: 'Always 1; the version is in the label.',
    labels: ['connector', 'version'],
    unit: '1',
    read: ({ snapshot }) => [{ labels: { connector: snapshot.connector, version: snapshot.version }, value: 1 }],
  },
];

/** Metrics of the operating system's process, under the names every Prometheus client uses. */
export const PROCESS_METRICS: readonly ProcessMetric[] = [
  ofProcess({
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'User and system time of the process.',
    unit: 'seconds',
    value: (usage) => usage.cpuSeconds,
  }),
  ofProcess({
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident set of the process.',
    unit: 'bytes',
    value: (usage) => usage.residentBytes,
  }),
  ofProcess({
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'Start of the process, as seconds since 1970.',
    unit: 'seconds',
    value: (usage) => usage.startedAt,
  }),
  ofProcess({
    name: 'nodejs_eventloop_lag_seconds',
    type: 'gauge',
    help: 'How late the event loop was at this scrape.',
    unit: 'seconds',
    value: (usage) => usage.eventLoopLagSeconds,
  }),
];

function connected(sessions: readonly SessionSnapshot[]): number {
  return sessions.filter((session) => session.state === 'connected').length;
}

function sum(sessions: readonly SessionSnapshot[], value: (session: SessionSnapshot) => number): number {
  return sessions.reduce((total, session) => total + value(session), 0);
}

// A side without limits has no series: 0 would read as "nothing may be sent".
function sumRates(
  sessions: readonly SessionSnapshot[],
  value: (rate: PublishRateSnapshot) => number,
): number | Readonly<Record<string, number>> {
  const limited = sessions.flatMap((session) => session.publishRate ?? []);
  return limited.length === 0 ? {} : limited.reduce((total, rate) => total + value(rate), 0);
}
