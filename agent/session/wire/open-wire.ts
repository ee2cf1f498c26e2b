import type { SecureContext } from 'node:tls';
import { type WireFault, describeFault } from './fault.ts';
import { secureContextOf } from './secure-context.ts';
import { openStreamWire } from './stream-wire.ts';
import { openWebSocketWire } from './websocket-wire.ts';
import type { TlsMaterial, Wire, WireHandler, WireTarget } from './wire.ts';

/** Options of one attempt to connect. */
export interface WireOptions {
  /** Milliseconds for DNS, TCP, TLS and WebSocket handshakes together. */
  readonly connectTimeoutMs: number;
}

/** Stands for a connection without a custom CA and without a client certificate. */
const NO_MATERIAL: TlsMaterial = {};

/**
 * Starts to connect and answers at once; everything else, faults included, reaches the handler later.
 * To give up, `destroy()` the wire.
 */
export function openWire(
  target: WireTarget,
  material: { readonly tls?: TlsMaterial },
  handler: WireHandler,
  { connectTimeoutMs }: WireOptions,
): Wire {
  const before = { stage: 'connecting', receivedAny: false } as const;
  let secureContext: SecureContext | undefined;
  try {
    secureContext = target.tlsEnabled ? secureContextOf(material.tls ?? NO_MATERIAL) : undefined;
  } catch {
    // OpenSSL's words are dropped: they say nothing of which file is wrong, and credentials checks the files one by one.
    return stillbornWire(describeFault('TlsMaterialInvalid', target, before), handler);
  }
  try {
    const open = target.transport === 'ws' ? openWebSocketWire : openStreamWire;
    return open(target, secureContext, handler, connectTimeoutMs);
  } catch {
    return stillbornWire(describeFault('ConnectionFailed', target, { ...before, detail: 'not an address' }), handler);
  }
}

function stillbornWire(fault: WireFault, handler: WireHandler): Wire {
  let given = false;
  queueMicrotask(() => handler.closed(given ? undefined : fault));
  const giveUp = (): void => {
    given = true;
  };
  return {
    write: () => true,
    writtenThrough: () => true,
    writableLength: 0,
    pause: () => undefined,
    resume: () => undefined,
    end: giveUp,
    destroy: giveUp,
  };
}
