import { defineConfig } from 'rolldown';

const none = new URL('nothing', import.meta.url).pathname;
export default defineConfig({
  input: { mqttbridge: 'cli/main.ts' },
  platform: 'node',
  resolve: { alias: { 'readable-stream': 'node:stream' } },
  output: {
    dir: process.env.OUT ?? 'dist/bin',
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    cleanDir: true,
    sourcemap: true,
    minify: true,
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});
