import { type Wire, type WireHandler, type WireTarget } from '../../../agent/session/wire/wire.ts';
import type { WireFault } from '../../../agent/session/wire/fault.ts';
import { openWire } from '../../../agent/session/wire/open-wire.ts';
import type { TlsMaterial } from '../../../agent/session/wire/wire.ts';
import { eventually } from '../../support/eventually.ts';
import type { Scope } from '../../support/scope.ts';

/** A wire with a handler that remembers everything it was told. */
export interface RecordedWire {
  readonly wire: Wire;
  /** Names of the calls in order; runs of `received` and `drained` are counted once. */
  readonly calls: readonly string[];
  bytes(): Buffer;
  /** Answers of `received` from now on. */
  accept(more: boolean): void;
  opened(): Promise<void>;
  /** Resolves at `closed` with its fault. */
  closed(): Promise<WireFault | undefined>;
}

/** What a test says of the wire it wants; the rest is plain TCP to loopback. */
export interface RecordOptions extends Partial<WireTarget> {
  readonly port: number;
  readonly tls?: TlsMaterial;
  readonly connectTimeoutMs?: number;
}

/** Opens a wire that is destroyed with the scope. */
export function recordWire(scope: Scope, { tls, connectTimeoutMs = 10_000, ...target }: RecordOptions): RecordedWire {
  const calls: string[] = [];
  const chunks: Buffer[] = [];
  let answer = true;
  let ended: { fault?: WireFault } | undefined;
  const note = (name: string): void => {
    if (calls.at(-1) !== name || !['received', 'drained'].includes(name)) calls.push(name);
  };
  const handler: WireHandler = {
    opened: () => note('opened'),
    received(bytes, length) {
      note('received');
      chunks.push(Buffer.from(bytes.subarray(0, length)));
      return answer;
    },
    drained: () => note('drained'),
    closed(fault) {
      note('closed');
      ended = fault === undefined ? {} : { fault };
    },
  };
  const base = {
    side: 'remote',
    host: 'localhost',
    transport: 'tcp',
    tlsEnabled: tls !== undefined,
    maxPacketBytes: 65_536,
  } as const;
  const wire = openWire({ ...base, ...target }, tls === undefined ? {} : { tls }, handler, { connectTimeoutMs });
  scope.onTestFinished(() => wire.destroy());
  return {
    wire,
    calls,
    bytes: () => Buffer.concat(chunks),
    accept: (more) => {
      answer = more;
    },
    async opened() {
      await eventually(() => calls.includes('opened') || ended, { describe: () => calls });
      if (!calls.includes('opened')) throw new Error(`not opened: ${ended?.fault?.message ?? 'closed'}`);
    },
    async closed() {
      const { fault } = await eventually(() => ended, { describe: () => calls });
      return fault;
    },
  };
}
