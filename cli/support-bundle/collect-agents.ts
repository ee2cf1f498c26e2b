import { type Address, formatAddress } from '../address.ts';
import { type Archive, attempt } from './archive.ts';
import type { Cleaner } from './clean.ts';

/** Most bytes taken of one answer. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** What is needed to ask agents. */
export interface Asking {
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  readonly cleaner: Cleaner;
}

const PATHS = [
  { path: '/status', file: 'status.json' },
  { path: '/readyz?verbose', file: 'readyz.txt' },
  { path: '/metrics', file: 'metrics.txt' },
] as const;

/** Asks each agent for its status, readiness and metrics; one that is away is a failure, not an end. */
export async function collectAgents(archive: Archive, addresses: readonly Address[], asking: Asking): Promise<void> {
  for (const [index, address] of addresses.entries()) {
    const base = `http://${formatAddress(address)}`;
    for (const { path, file } of PATHS) {
      await attempt(archive, base + path, async () => {
        const text = await answerOf(base + path, asking);
        const name = `agents/${index + 1}/${file}`;
        if (path === '/status') archive.addJson(name, asking.cleaner.data(JSON.parse(text)), base + path);
        else archive.add(name, asking.cleaner.lines(text), base + path);
      });
    }
  }
}

async function answerOf(url: string, { fetch, timeoutMs }: Asking): Promise<string> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  // 503 of /readyz is an answer, too.
  return Buffer.concat(chunks).toString('utf8');
}
