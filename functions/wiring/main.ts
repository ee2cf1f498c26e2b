import { latestTrigger } from '../durable/latest-trigger.ts';
import { assemble, type Assembly } from './assemble.ts';
import { logLine } from './log-line.ts';

let assembly: Promise<Assembly> | undefined;

/** The parts of this process, made when they are first needed: loading the app must not wait for a store. */
export function parts(): Promise<Assembly> {
  assembly ??= assemble({
    environment: process.env,
    log: (event, fields) => void process.stderr.write(`${logLine(event, fields)}\n`),
    trigger: latestTrigger,
  }).catch((error: unknown) => {
    // The next request tries again: a store may be away for a moment only.
    assembly = undefined;
    throw error;
  });
  return assembly;
}

/** Closes what was opened, so that an embedded store leaves one file behind. */
export async function closeParts(): Promise<void> {
  // What could not be opened need not be closed.
  const opened = await assembly?.catch(() => undefined);
  await opened?.deps.stores.close();
}
