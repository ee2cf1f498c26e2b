import type { PeerCertificate } from 'node:tls';
import type { ProtocolVersion, Qos } from './codec/publish.ts';

/** What a client asked for in CONNECT, defaults filled in. */
export interface ConnectRequest {
  readonly clientId: string;
  /** Whether the broker made up the client identifier. */
  readonly assigned: boolean;
  readonly version: ProtocolVersion;
  /** Whether the bridge bit of Mosquitto (level | 0x80) was set. */
  readonly bridge: boolean;
  readonly cleanStart: boolean;
  /** Seconds, 0 for none. */
  readonly keepAlive: number;
  /** Seconds. */
  readonly sessionExpiry: number;
  readonly receiveMaximum: number;
  /** Bytes. */
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly authenticationMethod: string | undefined;
  readonly authenticationData: Buffer | undefined;
  /** Whether it leaves a will. */
  readonly will: boolean;
  /** The client's TLS certificate, when it sent one. */
  readonly certificate: PeerCertificate | undefined;
}

/** One step of authentication: of CONNECT (round 0), of an AUTH that continues it, or of a re-authentication. */
export interface AuthenticationAttempt {
  readonly request: ConnectRequest;
  readonly method: string | undefined;
  readonly data: Buffer | undefined;
  /** 0 for the first data, counted up by each AUTH that continues. */
  readonly round: number;
  /** Whether the client is connected already and renews its credentials. */
  readonly again: boolean;
}

/** What an authentication step led to. */
export type AuthenticationVerdict =
  | {
      readonly kind: 'accepted';
      /** Identity of the client for authorization, and the owner of its session. */
      readonly authenticationName?: string;
      readonly data?: Buffer;
      /** Milliseconds until the broker ends the connection with 0x87 unless the client authenticates again. */
      readonly validForMs?: number;
    }
  | { readonly kind: 'continue'; readonly data: Buffer }
  | { readonly kind: 'refused'; readonly reasonCode: number };

/** A client as hooks see it. */
export interface HookClient {
  readonly clientId: string;
  readonly version: ProtocolVersion;
  readonly authenticationName: string | undefined;
}

/** A message about to be accepted from a client. */
export interface PublishAttempt extends HookClient {
  readonly topic: string;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly payload: Buffer;
  readonly packetId: number;
}

/** A message as its publisher sent it. */
export interface ReceivedPublish extends PublishAttempt {
  /** Bytes of the whole packet; of the payload alone for a will. */
  readonly size: number;
  /** Properties handed on unaltered, as bytes in their order. */
  readonly properties: Buffer;
  /** Seconds. */
  readonly expirySeconds: number | undefined;
  /** Bytes of payload of the QoS 1 and 2 messages this client may consider unfinished, this one included. */
  readonly unfinishedBytes: number;
  /** Number of those messages. */
  readonly unfinishedMessages: number;
}

/** One filter about to be subscribed, with its `$share/…` prefix. */
export interface SubscribeAttempt extends HookClient {
  readonly filter: string;
  readonly qos: Qos;
}

/** A refusal; `disconnect` ends the connection with the same code instead of a negative acknowledgement. */
export interface Refusal {
  readonly reasonCode: number;
  readonly disconnect?: boolean;
}

/** What can be seen of a session when another one is about to be opened. */
export interface SessionSummary {
  readonly clientId: string;
  readonly authenticationName: string | undefined;
  readonly connected: boolean;
}

/** A client that is who it says, about to get its session. */
export interface AdmissionAttempt {
  readonly request: ConnectRequest;
  readonly authenticationName: string | undefined;
  /** All sessions of the broker, with and without a connection. */
  readonly sessions: () => readonly SessionSummary[];
}

/** What to do with the PUBACK or PUBREC about to be sent. */
export type PubackVerdict = 'send' | 'swallow' | { readonly reasonCode: number };

/** Decisions a broker leaves to whoever starts it; absent hooks allow everything. A hook that throws is a defect of its owner. */
export interface BrokerHooks {
  /** Decides about a CONNECT before authentication; a reason code refuses it. */
  onConnect?(request: ConnectRequest): number | undefined;
  /** Checks credentials; without it an enhanced authentication method is refused with 0x8C and all else accepted. */
  authenticate?(attempt: AuthenticationAttempt): AuthenticationVerdict | Promise<AuthenticationVerdict>;
  /** Decides about an authenticated client: who owns a session, how many it may have; a reason code refuses the CONNECT. */
  onAdmit?(attempt: AdmissionAttempt): number | undefined;
  /** Decides about a PUBLISH (or a will, with packetId 0) before anything happens with it: authorization, rates, sizes. */
  onPublish?(attempt: ReceivedPublish): Refusal | undefined;
  /** Decides about a whole SUBSCRIBE or UNSUBSCRIBE before its filters; a refusal answers all of them. */
  onSubscriptionPacket?(client: HookClient): Refusal | undefined;
  /** Decides about one filter; at 0x80 and above it is the code of that filter in SUBACK, with `disconnect` the end of the connection. */
  onSubscribe?(attempt: SubscribeAttempt): Refusal | undefined;
  /** Decides whether a session may get a message: authorization and rates towards subscribers. */
  onDeliver?(attempt: PublishAttempt): boolean;
  /** Milliseconds a message of so many payload bytes has to wait before it is written to a client; 0 lets it go and counts it. */
  paceDelivery?(client: HookClient, bytes: number): number;
  /** Decides about the PUBACK (QoS 1) or PUBREC (QoS 2) of a message already handed on. */
  onPuback?(attempt: PublishAttempt): PubackVerdict;
}
