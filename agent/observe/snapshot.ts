import type { Problem } from '../../shared/problem.ts';
import type { Side } from '../../shared/plan/types.ts';

/** Everything an agent says of itself at one moment; `/status`, `/metrics`, `/readyz` and the demo's table read only this. */
export interface AgentSnapshot extends OriginSnapshot {
  readonly connector: string;
  readonly version: string;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly config: ConfigSnapshot;
  readonly sessions: readonly SessionSnapshot[];
  readonly routes: readonly RouteSnapshot[];
  readonly certificates: readonly CertificateSnapshot[];
  readonly tokens: readonly TokenSnapshot[];
  /** Absent where one process runs all slots. */
  readonly instances?: InstancesSnapshot;
}

/** How whoever the configuration comes from is to this agent; neither is there where it comes from files. */
export interface OriginSnapshot {
  readonly controlPlane?: ControlPlaneSnapshot;
  readonly apiServer?: ApiServerSnapshot;
}

interface Correspondent {
  /** Without path. */
  readonly url: string;
  /** RFC 3339, UTC: when `up` began to be as it is. */
  readonly since: string;
  readonly documentFrom?: 'controlPlane' | 'apiServer' | 'disk';
  /** What is wrong there: it cannot be reached, refuses, or has no document for this agent. */
  readonly fault?: FaultSnapshot;
}

/** How the API server of the cluster is to this agent. */
export interface ApiServerSnapshot extends Correspondent {
  readonly namespace: string;
  /** `metadata.generation` of the connector in force, where it is known. */
  readonly generation?: number;
  /** Whether the objects are followed; false before they were seen for the first time. */
  readonly up: boolean;
  /** Entries of the status since start, by outcome: `Written`, or the reason of the fault. */
  readonly statusWrites: Readonly<Record<string, number>>;
}

/** How the control plane is to this agent. */
export interface ControlPlaneSnapshot extends Correspondent {
  readonly site: string;
  /** Whether the last report was answered; false before the first. */
  readonly up: boolean;
  readonly intervalSeconds: number;
  /** What the control plane calls the document in force. */
  readonly revision?: string;
  /** When it answered last, by its own clock; RFC 3339, UTC. */
  readonly answeredAt?: string;
  /** By how much this machine's clock was ahead of the control plane's then. */
  readonly clockOffsetSeconds?: number;
  /** Since start, by outcome: `Answered`, or the reason of the fault. */
  readonly reports: Readonly<Record<string, number>>;
}

/** What an instance knows of itself and the others. */
export interface InstancesSnapshot {
  readonly instance: number;
  /** `joined`: seen by the others; `apart`: not now, so nothing is connected anew; `blind`: heartbeats do not pass. */
  readonly standing: 'apart' | 'joined' | 'blind';
  /** The slots it runs, of so many in all. */
  readonly slots: readonly number[];
  readonly total: number;
  readonly peers: readonly PeerSnapshot[];
  /** Slots of other instances that this one took over since start. */
  readonly adoptions: number;
  /** Why the others are not heard. */
  readonly fault?: FaultSnapshot;
}

export interface PeerSnapshot {
  readonly instance: number;
  readonly slots: readonly number[];
  readonly alive: boolean;
  readonly silentSeconds: number;
  /** Whether it works on the same document. */
  readonly agrees: boolean;
}

export interface ConfigSnapshot {
  /** Content hash of the documents in force; absent before the first valid one. */
  readonly revision?: string;
  /** RFC 3339, UTC. */
  readonly appliedAt?: string;
  /** How many documents were applied since start. */
  readonly generation: number;
  /** How many were refused since start. */
  readonly rejectedTotal: number;
  /** The newest document, when it was refused; absent once a valid one came after it. */
  readonly rejected?: { readonly revision: string; readonly at: string; readonly problems: readonly Problem[] };
}

export interface CertificateSnapshot {
  readonly side: Side;
  readonly secret: string;
  /** Seconds since 1970, UTC. */
  readonly notAfter: number;
  /** By the clock of this machine; below 0 once it has ended. */
  readonly daysLeft: number;
  /** Why the newest pair on disk is not in use, when it is not. */
  readonly rejected?: string;
}

export interface TokenSnapshot {
  readonly side: Side;
  /** MQTT 5 authentication method that carries it, such as `OAUTH2-JWT`. */
  readonly method: string;
  /** Seconds since 1970, UTC. */
  readonly expiresAt: number;
  /** By the clock of this machine; below 0 once it has ended. */
  readonly minutesLeft: number;
  /** Microsoft Entra object ID of the identity it is for. */
  readonly objectId?: string;
  /** Why there is no newer one, when one was asked for in vain. */
  readonly rejected?: string;
}

export type SessionStateName = 'idle' | 'connecting' | 'connected' | 'waiting' | 'stopped';

export interface SessionSnapshot {
  readonly key: string;
  readonly side: Side;
  readonly clientId: string;
  /** `host:port`. */
  readonly endpoint: string;
  readonly state: SessionStateName;
  /** RFC 3339, UTC: when this state began. */
  readonly since: string;
  /** Number of the current or last attempt to connect. */
  readonly epoch: number;
  /** Why the session is not connected, when it is not. */
  readonly fault?: FaultSnapshot;
  /** Another client uses the client ID; stays until a connection has lasted. */
  readonly clientIdConflict?: FaultSnapshot;
  /** RFC 3339, UTC: when the next attempt starts, while waiting. */
  readonly retryAt?: string;
  /** The broker's limits from CONNACK and its profile, while connected. */
  readonly limits?: LimitsSnapshot;
  readonly inflightMessages: number;
  readonly inflightBytes: number;
  /** Messages for this broker that wait behind those in flight. */
  readonly waitingMessages: number;
  /** Since receipt of the oldest message for this broker that has no outcome; 0 when all have one. */
  readonly oldestSeconds: number;
  readonly windowMessages: number;
  readonly windowBytes: number;
  /** Absent where nothing limits it. */
  readonly publishRate?: PublishRateSnapshot;
  /** CONNACKs since start, by reason code name. */
  readonly connects: Readonly<Record<string, number>>;
  /** Ended connections since start, by reason. */
  readonly disconnects: Readonly<Record<string, number>>;
  readonly sessionLost: number;
  /** Acknowledgements that belonged to no message in flight. */
  readonly strayAcks: number;
}

/** How fast a session publishes and may publish, per second. */
export interface PublishRateSnapshot {
  readonly usedMessages: number;
  readonly allowedMessages: number;
  /** Bytes of whole packets. */
  readonly usedBytes: number;
  readonly allowedBytes: number;
  /** Publishes and connections that the broker refused because they came too fast, since start. */
  readonly throttled: number;
}

export interface FaultSnapshot {
  /** CamelCase constant, such as `NotAuthorized`, `TlsVerifyFailed`, `ConnectionRefused`, `QuotaExceeded`. */
  readonly reason: string;
  /** One sentence for a person: what happened, and why. */
  readonly message: string;
  /** Command or setting that mends it, where one is known. */
  readonly fix?: string;
  /** MQTT reason code, when the broker gave one. */
  readonly reasonCode?: number;
}

export interface LimitsSnapshot {
  readonly receiveMaximum: number;
  /** Bytes. */
  readonly maximumPacketSize: number;
  readonly maximumQos: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  /** UTF-8 bytes. */
  readonly maximumTopicBytes: number;
  readonly maximumTopicLevels: number;
  readonly zeroExpiryIsNever: boolean;
  readonly topicAliasMaximum: number;
  /** Seconds. */
  readonly keepAlive: number;
  /** Seconds the broker keeps the session; absent when it is what `session.expirySeconds` asks for. */
  readonly sessionExpiry?: number;
}

export interface RouteSnapshot {
  readonly topicMap: string;
  readonly route: string;
  readonly direction: 'local-to-remote' | 'remote-to-local';
  readonly qos: 0 | 1 | 2;
  readonly source: string;
  readonly target?: string;
  readonly lanes: { readonly total: number; readonly ready: number };
  /** Why a source refuses the subscription, when it does. */
  readonly fault?: FaultSnapshot;
  /** Why the target refuses messages, when it does. */
  readonly refusal?: FaultSnapshot;
  readonly counters: RouteCounts;
}

/** received = forwarded + sum(dropped) + inflight, at every moment. */
export interface RouteCounts {
  readonly received: number;
  readonly receivedBytes: number;
  readonly forwarded: number;
  readonly forwardedBytes: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly inflight: number;
  /** Source messages that came with DUP set. */
  readonly redelivered: number;
  /** Publishes repeated after a transient refusal or a reconnect, by reason. */
  readonly retried: Readonly<Record<string, number>>;
  readonly qosLowered: number;
  readonly retainCleared: number;
  /** From receipt to the target's acknowledgement (or to the write, at QoS 0). */
  readonly latency: LatencySnapshot;
}

export interface LatencySnapshot {
  /** Upper bounds in seconds, ascending; the last bucket is +Inf. */
  readonly bounds: readonly number[];
  /** One more than bounds; not cumulative. */
  readonly counts: readonly number[];
  /** Seconds. */
  readonly sum: number;
}
