/** Control packet types by number, MQTT5 2.1.2. */
const COMMANDS = [
  'reserved',
  'connect',
  'connack',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'suback',
  'unsubscribe',
  'unsuback',
  'pingreq',
  'pingresp',
  'disconnect',
  'auth',
] as const;

/** Name of a control packet type. */
export type Command = (typeof COMMANDS)[number];

/** One MQTT packet as it is on the wire. */
export interface Frame {
  readonly command: Command;
  /** The whole packet, fixed header included. */
  readonly bytes: Buffer;
  /** Offset of the variable header in `bytes`. */
  readonly start: number;
}

/** Size of the packet that starts at `offset`: undefined while its header is incomplete, NaN if it can be no MQTT. */
export function frameSize(data: Buffer, offset: number): { total: number; header: number } | undefined {
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const position = offset + 1 + i;
    if (position >= data.length) return undefined;
    const digit = data[position];
    length += (digit & 0x7f) * 128 ** i;
    if (digit < 0x80) return { total: 2 + i + length, header: 2 + i };
  }
  return { total: Number.NaN, header: 5 };
}

/** Reads a complete packet's type and header. */
export function toFrame(bytes: Buffer): Frame {
  return { command: COMMANDS[bytes[0] >> 4], bytes, start: frameSize(bytes, 0)?.header ?? bytes.length };
}

const WITHOUT_ID: ReadonlySet<Command> = new Set(['connect', 'connack', 'pingreq', 'pingresp', 'disconnect', 'auth']);

/** Packet identifier of a frame; 0 if its type has none. */
export function packetId({ command, bytes, start }: Frame): number {
  if (WITHOUT_ID.has(command)) return 0;
  if (command !== 'publish') return bytes.readUInt16BE(start);
  return (bytes[0] & 0x06) === 0 ? 0 : bytes.readUInt16BE(start + 2 + bytes.readUInt16BE(start));
}

/** Makes a function that takes a byte stream in pieces and returns the packets they complete; throws on an impossible length. */
export function createFrameSplitter(): (chunk: Buffer) => Frame[] {
  let pieces: Buffer[] = [];
  let held = 0;
  let needed = 2;
  return (chunk) => {
    pieces.push(chunk);
    held += chunk.length;
    if (held < needed) return [];
    const data = pieces.length === 1 ? chunk : Buffer.concat(pieces);
    const frames: Frame[] = [];
    let offset = 0;
    needed = 2;
    while (offset < data.length) {
      const size = frameSize(data, offset);
      if (size && Number.isNaN(size.total)) throw new Error('malformed remaining length');
      if (!size || offset + size.total > data.length) {
        needed = size?.total ?? 2;
        break;
      }
      const bytes = data.subarray(offset, offset + size.total);
      frames.push({ command: COMMANDS[bytes[0] >> 4], bytes, start: size.header });
      offset += size.total;
    }
    const rest = data.subarray(offset);
    pieces = rest.length > 0 ? [rest] : [];
    held = rest.length;
    return frames;
  };
}
