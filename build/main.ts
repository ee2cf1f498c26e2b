import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'rolldown';
import { notices } from './notices.ts';

const ROOT = join(import.meta.dirname, '..');

/** The program as one folder that needs no other; `tsc -b` has checked it before. docs/adr/0007 says why. */
const { output } = await build({
  cwd: ROOT,
  input: { mqttbridge: 'cli/main.ts' },
  platform: 'node',
  // What readable-stream itself becomes with READABLE_STREAM=disable: the stream module that it is a copy of.
  resolve: { alias: { 'readable-stream': 'node:stream' } },
  plugins: [notices(ROOT)],
  output: {
    dir: 'dist/bin',
    // An ES import of a Node module reads all its exports, and so loads what is behind them: node:http brings undici.
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    cleanDir: true,
    sourcemap: true,
    minify: true,
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});
await chmod(join(ROOT, 'dist/bin', output[0].fileName), 0o755);
