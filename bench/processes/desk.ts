import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createPool, type ProcessPool } from './pool.ts';

/** Where a bench works: its processes and a folder, both gone when it ends, however it ends. */
export interface Desk {
  readonly pool: ProcessPool;
  readonly folder: string;
}

/** Sets up for the main file of a bench. */
export function openDesk(): Desk {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mqttbridge-bench-'));
  const pool = createPool(process.execPath);
  process.on('exit', () => {
    pool.killAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
  return { pool, folder };
}
