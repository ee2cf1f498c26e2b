import type { Side } from '../../../shared/plan/types.ts';
import type { WireFault } from './fault.ts';

/** Where a wire leads and how it gets there. */
export interface WireTarget {
  /** Names the connection in fault messages: `{side}BrokerConnection`. */
  readonly side: Side;
  /** A name or an IP address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly transport: 'tcp' | 'ws';
  readonly tlsEnabled: boolean;
  /** Bytes of the largest MQTT packet that is accepted; a WebSocket message far above it closes the wire. */
  readonly maxPacketBytes: number;
}

/**
 * What TLS needs to know besides the target. The same object for unchanged content saves building a new TLS context,
 * so callers keep it for as long as the certificates stay as they are.
 */
export interface TlsMaterial {
  /** PEM certificates that are trusted instead of the operating system's. */
  readonly ca?: readonly string[];
  /** PEM client certificate, followed by its intermediates. */
  readonly cert?: string;
  /** PEM private key of `cert`. */
  readonly key?: string;
}

/** What the owner of a wire is told; no call comes before `openWire` has returned. */
export interface WireHandler {
  /** The channel stands: TCP, TLS and WebSocket handshakes are done. */
  opened(): void;
  /**
   * The first `length` bytes of `bytes`, which is used again after the return. False stops further calls until `resume()`.
   * Must not throw: hostile bytes are the callee's to judge.
   */
  received(bytes: Buffer, length: number): boolean;
  /** `write` answered false before; now there is room again. */
  drained(): void;
  /** Called exactly once, last of all; without a fault when this end closed the wire. */
  closed(fault?: WireFault): void;
}

/** The byte channel under one MQTT session. */
export interface Wire {
  /**
   * Takes all bytes at once; false asks to wait for `drained`. Bytes given before `opened` leave when it opens, after the end they
   * are ignored. The buffer must stay untouched until `writtenThrough()`.
   */
  write(bytes: Uint8Array): boolean;
  /** True when no byte given to `write` waits in this process any more, so that its buffers may be used again. */
  writtenThrough(): boolean;
  /** Bytes that wait in this process. */
  readonly writableLength: number;
  pause(): void;
  resume(): void;
  /** Sends what is waiting, then closes; from here on nothing is received. Before `opened` the same as `destroy`. */
  end(): void;
  /** Closes at once; what waits is lost. */
  destroy(): void;
}
