import type { Io } from './io.ts';

/** Resolves when standard input ends; one that breaks has ended too. */
export async function endOfInput(io: Io): Promise<'EOF'> {
  await io.readStdin().catch(() => '');
  return 'EOF';
}
