import { isBuiltin } from 'node:module';
import { CommandError } from './command-error.ts';
import { EXIT } from './exit-code.ts';

/** Throws a CommandError where this Node has no SQLite, or one that cannot yet do what the embedded store asks of it. */
export async function needEmbeddedDatabase(): Promise<void> {
  if (isBuiltin('node:sqlite') && (await knowsTransactions())) return;
  throw new CommandError('this Node has no database that the control plane can use', {
    advice: 'use Node 22.16 or newer; agents and all other commands need 22.12',
    exitCode: EXIT.runtime,
  });
}

async function knowsTransactions(): Promise<boolean> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(':memory:');
  const known = 'isTransaction' in database;
  database.close();
  return known;
}
