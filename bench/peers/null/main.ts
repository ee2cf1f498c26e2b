import { Buffer } from 'node:buffer';
import type { BridgeTask } from '../../contenders/contender.ts';
import { createAckWriter } from '../../load/acks.ts';
import { packetType } from '../../load/frames.ts';
import { publishId } from '../../load/scanner.ts';
import { openClient, subscribe, type Wire } from '../../load/wire.ts';

// No matching, no mapping, no window, no recovery: the least any program in between can cost in Node.
const outBytes = 1 << 20;
const ids = 65_536;

/** Copies every PUBLISH into one write per read, under packet IDs of its own at QoS 1, and takes their PUBACKs back. */
function pipe(source: Wire, target: Wire): void {
  const sourceIds = new Uint16Array(ids);
  const acks = createAckWriter(source);
  let out = Buffer.allocUnsafe(outBytes);
  let filled = 0;
  let lastId = 0;

  function rewriteId(buffer: Buffer, body: number): void {
    lastId = lastId === ids - 1 ? 1 : lastId + 1;
    sourceIds[lastId] = publishId(buffer, body);
    buffer.writeUInt16BE(lastId, body + 2 + buffer.readUInt16BE(body));
  }

  function flush(): void {
    if (filled === 0) return;
    target.write(out.subarray(0, filled));
    out = Buffer.allocUnsafe(outBytes);
    filled = 0;
  }

  source.receive((buffer, start, body, end) => {
    const first = buffer[start];
    if (first >> 4 !== packetType.publish) return;
    if ((first & 0x06) !== 0) rewriteId(buffer, body);
    if (filled + end - start > out.length) flush();
    out.set(buffer.subarray(start, end), filled);
    filled += end - start;
  }, flush);
  target.receive((buffer, start, body) => {
    if (buffer[start] >> 4 === packetType.puback) acks.add(sourceIds[buffer.readUInt16BE(body)]);
  }, acks.flush);
}

const task = JSON.parse(process.argv[2] ?? '') as BridgeTask;
const { version, qos } = task.shape;
const target = await openClient(task.targetPort, version, 'bench-null-target');
const source = await openClient(task.sourcePort, version, 'bench-null-source');
const subscribed = subscribe(source, version, task.topics[0] ?? '#', qos);
await subscribed;
pipe(source, target);
