import { Duplex } from 'node:stream';
import type { IClientOptions, IConnackPacket } from 'mqtt';
import mqttClient from 'mqtt/lib/client';
import type { IAuthPacket } from 'mqtt-packet';
import { reasonOfReturnCode } from '../../shared/reason-codes.ts';
import { HIGHEST_PUBLISH_ID } from '../forward/packet-ids.ts';
import type { EnhancedLogOn } from './credentials/renewals.ts';

// The main entry of the package loads its ways to connect as well: SOCKS, WebSocket, TLS. This one has but the client.
const { default: MqttClient } = mqttClient;
type MqttClient = InstanceType<typeof MqttClient>;

/** Reason code of AUTH (MQTT5 3.15.2.1). */
const RE_AUTHENTICATE = 0x19;

/** What CONNECT says, and how long CONNACK may take. */
export interface ControlOptions {
  readonly clientId: string;
  readonly version: 4 | 5;
  /** Seconds. */
  readonly keepAlive: number;
  readonly cleanStart: boolean;
  /** Seconds; MQTT 5 only. */
  readonly sessionExpiry: number;
  readonly receiveMaximum: number;
  /** Bytes. */
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly username?: string;
  readonly password?: Buffer;
  readonly enhanced?: EnhancedLogOn;
  /** What the broker publishes at QoS 0 when the connection ends without DISCONNECT. */
  readonly will?: { readonly topic: string; readonly payload: Buffer };
  readonly connackTimeoutMs: number;
}

/** What a broker answered to CONNECT; undefined where it set no limit. */
export interface Connack {
  readonly sessionPresent: boolean;
  readonly receiveMaximum?: number | undefined;
  readonly maximumPacketSize?: number | undefined;
  readonly maximumQos?: 0 | 1 | undefined;
  readonly retainAvailable?: boolean | undefined;
  readonly topicAliasMaximum?: number | undefined;
  /** Seconds. */
  readonly serverKeepAlive?: number | undefined;
  /** Seconds; what was asked for when absent. */
  readonly sessionExpiry?: number | undefined;
  readonly sharedSubscriptions?: boolean | undefined;
  readonly wildcardSubscriptions?: boolean | undefined;
}

/** What the owner of a control channel is told; each call is made at once, while the frame is being read. */
export interface ControlEvents {
  write(bytes: Buffer): void;
  connected(connack: Connack): void;
  /** CONNACK with an MQTT 5 reason code of 0x80 or above. */
  refused(reasonCode: number): void;
  /** The connection is of no more use: no CONNACK, no PINGRESP, or a packet that makes no sense. */
  failed(reason: 'ConnackTimeout' | 'KeepAliveTimeout' | 'ProtocolError', detail: string): void;
}

/** Subscription options of MQTT 5 (3.8.3.1); in 3.1.1 only the QoS counts. */
export interface SubscribeOptions {
  readonly qos: 0 | 1 | 2;
  readonly noLocal: boolean;
  /** False asks for no retained messages at all; otherwise they come with a new subscription, not with every reconnect. */
  readonly retained?: boolean;
}

/** The control packets of one connection: everything but PUBLISH and its acknowledgements. */
export interface Control {
  /** Takes a control packet from the broker; the bytes are copied. */
  read(frame: Buffer): void;
  /** Resolves with the SUBACK reason code of each filter; rejects when the connection ends before. */
  subscribe(filters: readonly string[], options: SubscribeOptions): Promise<readonly number[]>;
  unsubscribe(...filters: readonly string[]): Promise<void>;
  /** Sends AUTH with a new token; resolves when the broker accepts it (MQTT5 4.12.1). Not to be called before it has. */
  reauthenticate(renewed: EnhancedLogOn): Promise<void>;
  /** Ends it without a word to the broker. */
  dispose(): void;
}

/** Opens a control channel: CONNECT leaves through `events.write` before this returns. */
export function openControl(options: ControlOptions, events: ControlEvents): Control {
  // MQTT.js destroys its stream first and says why afterwards, in the same turn.
  const stream = controlStream(events, () =>
    queueMicrotask(() =>
      accepted ? fail('KeepAliveTimeout', 'no answer to a ping') : fail('ConnackTimeout', 'no answer to CONNECT'),
    ),
  );
  const client = new MqttClient(() => stream, clientOptions(options));
  let accepted = false;
  let over = false;
  const fail: ControlEvents['failed'] = (reason, detail) => {
    if (over) return;
    over = true;
    events.failed(reason, detail);
  };
  client.on('connect', (packet) => {
    accepted = true;
    events.connected(connackOf(packet));
  });
  client.on('error', (error) => {
    const refusal = refusalOf(error, options.version);
    if (over) return;
    if (refusal !== undefined) {
      over = true;
      events.refused(refusal);
    } else fail(REASONS[error.message] ?? 'ProtocolError', error.message);
  });
  let authenticated: (() => void) | undefined;
  client.handleAuth = (packet, done) => {
    if (packet.reasonCode === 0) authenticated?.();
    done();
  };
  client.connect();
  return {
    read(frame) {
      if (isBareSuccess(frame)) authenticated?.();
      else stream.push(Buffer.from(frame));
    },
    reauthenticate: (renewed) =>
      new Promise((resolve) => {
        authenticated = resolve;
        client['_sendPacket'](authPacket(renewed));
      }),
    subscribe: (filters, subscribe) => subscribeBy(client, filters, subscribe),
    unsubscribe: async (...filters) => void (await client.unsubscribeAsync([...filters])),
    dispose() {
      over = true;
      client.end(true);
      stream.destroy();
    },
  };
}

/**
 * AUTH of success without a property (MQTT5 3.15.2.1): the parser of mqtt-packet takes the form of two bytes for an error,
 * and MQTT.js ends the connection over one without the method.
 */
function isBareSuccess(frame: Buffer): boolean {
  return frame[0] === 0xf0 && frame.length <= 4 && frame.subarray(2).every((byte) => byte === 0);
}

function authPacket({ method, data }: EnhancedLogOn): IAuthPacket {
  const properties = { authenticationMethod: method, authenticationData: data };
  return { cmd: 'auth', reasonCode: RE_AUTHENTICATE, properties };
}

/** Errors that MQTT.js tells apart by their text only. */
const REASONS: Readonly<Record<string, Parameters<ControlEvents['failed']>[0]>> = {
  'connack timeout': 'ConnackTimeout',
  'Keepalive timeout': 'KeepAliveTimeout',
};

function clientOptions(options: ControlOptions): IClientOptions {
  const { enhanced, username, password, will } = options;
  return {
    manualConnect: true,
    reconnectPeriod: 0,
    resubscribe: false,
    // The cache of 65,536 encoded numbers costs more memory than all other parts of the agent.
    writeCache: false,
    timerVariant: 'native',
    log: () => undefined,
    clientId: options.clientId,
    protocolVersion: options.version,
    clean: options.cleanStart,
    keepalive: options.keepAlive,
    connectTimeout: options.connackTimeoutMs,
    messageIdProvider: controlIds(),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined ? {} : { will: { ...will, qos: 0, retain: false } }),
    ...(options.version === 5 && {
      properties: {
        sessionExpiryInterval: options.sessionExpiry,
        receiveMaximum: options.receiveMaximum,
        maximumPacketSize: options.maximumPacketSize,
        topicAliasMaximum: options.topicAliasMaximum,
        ...(enhanced && { authenticationMethod: enhanced.method, authenticationData: enhanced.data }),
      },
    }),
  };
}

function controlStream(events: ControlEvents, destroyed: () => void): Duplex {
  return new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      events.write(chunk);
      done();
    },
    writev(chunks, done) {
      events.write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)));
      done();
    },
    destroy(_error, done) {
      destroyed();
      done(null);
    },
  });
}

function connackOf(packet: IConnackPacket): Connack {
  const properties = packet.properties ?? {};
  return {
    sessionPresent: packet.sessionPresent,
    receiveMaximum: properties.receiveMaximum,
    maximumPacketSize: properties.maximumPacketSize,
    maximumQos: properties.maximumQoS as 0 | 1 | undefined,
    retainAvailable: properties.retainAvailable,
    topicAliasMaximum: properties.topicAliasMaximum,
    serverKeepAlive: properties.serverKeepAlive,
    sessionExpiry: properties.sessionExpiryInterval,
    sharedSubscriptions: properties.sharedSubscriptionAvailable,
    wildcardSubscriptions: properties.wildcardSubscriptionAvailable,
  };
}

function refusalOf(error: Error, version: 4 | 5): number | undefined {
  if (!error.message.startsWith('Connection refused') || !('code' in error)) return undefined;
  const code = Number(error.code);
  return version === 5 ? code : reasonOfReturnCode(code).code;
}

function subscribeBy(
  client: MqttClient,
  filters: readonly string[],
  { qos, noLocal, retained = true }: SubscribeOptions,
): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    // Retain Handling (MQTT5 3.8.3.1).
    client.subscribe([...filters], { qos, nl: noLocal, rap: true, rh: retained ? 1 : 2 }, (error, _grants, suback) => {
      const codes = suback?.granted ?? (error && 'packet' in error ? grantedIn(error.packet) : undefined);
      if (codes?.length === filters.length) resolve(codes.map(Number));
      else reject(error ?? new Error(`no answer to SUBSCRIBE of ${filters.join(' ')}`));
    });
  });
}

function grantedIn(packet: unknown): readonly unknown[] | undefined {
  return (packet as { granted?: unknown[] } | undefined)?.granted;
}

/** Identifiers above those of published messages, in turn; there are never 500 of them under way. */
function controlIds(): NonNullable<IClientOptions['messageIdProvider']> {
  let last = HIGHEST_PUBLISH_ID;
  return {
    allocate() {
      last = last < 65_535 ? last + 1 : HIGHEST_PUBLISH_ID + 1;
      return last;
    },
    getLastAllocated: () => last,
    register: () => true,
    deallocate: () => undefined,
    clear: () => undefined,
  };
}
